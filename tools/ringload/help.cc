#include "ringload/help.h"

namespace ringload {

const char* const help_text =
    R"(ringload: a load generator for memcached servers that checks every byte it reads.

usage: ringload --server ADDRESS [options]

  --server ADDRESS      host:port, [host]:port, or the path of a unix socket (it has a slash)
  --pid PID             the server's process: adds its CPU, context switches and memory
  --protocol P          classic, meta or binary (classic)

load
  --threads N           threads, each with its share of the connections (1)
  --connections N       connections of all threads together (50)
  --depth N             commands that a connection sends at once; it sends the next ones when all
                        of these are answered (1)
  --multiget N          keys of a get; each counts as a request (1). In meta and binary such a get is
                        as many quiet ones and a no-op
  --set-ratio R         share of the requests that are sets, 0 to 1 (0.1)
  --rate N              open loop: so many requests per second, of all threads together, whether
                        or not the server keeps up; without it each connection waits for its
                        replies (closed loop)
  --poisson             open loop: gaps between the requests are random, with the rate as their mean
  --idle-connections N  connections that are opened beside the others and stay silent, up to 20000
  --timeout S           a connection whose replies are so late is given up (30)

keys and values
  --keys N              keys (100000)
  --pattern P           uniform, zipf[:EXPONENT], sequential, gaussian[:DEVIATION]; the exponent is
                        0.99, the deviation a sixth (of the number of keys) (uniform)
  --hot-key[=SHARE]     this share of the requests is for one key (1)
  --key-size SIZES      bytes of a key (20)
  --value-size SIZES    bytes of a value; a key's value always has the same size (100)
  --ttl S               expiry time of what is set, in seconds; 0 is never (0)
  --populate            set every key once, at the start; done anyway when there are gets
  --no-populate         leave the server as it is
  --no-verify           count replies by their shape: keys and values may be anyone's (for a server
                        that only pretends to hold them)
                        SIZES: 100, or 10-200 (equally likely), or 100:9,1000:1 (with weights)

run
  --duration S          seconds that are measured (10, unless --requests is given)
  --requests N          or requests; with both, whichever ends first
  --warmup S            seconds of the same load before, which are not measured (1)
  --cpus LIST           pins the threads, in turn, to these CPUs: 0,2-5
  --seed N              the same seed asks for the same keys (1)
  --json FILE           the results as one JSON object; - is the standard output, then without
                        the table
  --quiet               no progress, no table
  --help                this text

What is measured
  A request is one key: a set, or one key of a get. All figures "per request" mean that.
  Closed loop: a latency runs from the sending of a batch (--depth commands) to the reply of the
  command. Open loop: it runs from the time at which the request should have been sent, so that a
  server that stalls is charged for the requests that it delays; "lag" is the part of it that had
  passed when the request was sent. Percentiles are exact within 0.8 %.
  CPU and context switches are the differences over the measured seconds: those begin when the
  warm-up is fully answered and end with the last reply. CPU is exact to the microsecond, its split
  into user and system is what the kernel saw at its ticks. Memory is that at the end.
  While ringload is what saturates (see client_cpus), throughput says more about it than about the
  server: give it more threads, or compare CPU per request. Whoever is not busy wakes up for fewer
  requests at a time and pays more for each; that holds for servers too.

What is checked
  A value carries its key, a number that differs per set, a checksum of both and of its size, and
  bytes that follow from the number; all are compared, as is the key in the reply. (A value below
  16 bytes is a hash of its key.) Values of other programs count as wrong.

Results in JSON (null: not known, as without --pid)
  requests (gets + sets), seconds, requests_per_second
  gets (= hits + misses + wrong + errors), hits, misses, hit_ratio, sets, wrong, errors (replies
  that are an error line; sets not stored are among them), first_error, timeouts (requests never
  answered, not among requests), unsent (open loop: requests whose time came and that were not
  sent, since the server did not keep up for longer than --timeout), populate_errors,
  idle_disturbed (idle connections that the server closed)
  latency_us, lag_us: {mean, p50, p90, p99, p99.9, p99.99, max}; lag_us is null in a closed loop
  server_cpu_us_per_request, server_user_us_per_request, server_system_us_per_request,
  server_cpus (CPUs that it kept busy), client_cpu_us_per_request, client_cpus,
  voluntary_switches, involuntary_switches, server_rss_kib, server_rss_peak_kib (of its whole life)
  and the options: server, pid, protocol, threads, connections, depth, multiget, set_ratio, keys, pattern,
  hot_key, key_size, value_size, ttl, rate, poisson, idle_connections, populate, verify, duration,
  requests_limit, warmup, timeout, cpus, seed

Exit codes
  0 fine, 64 a bad option, 65 a wrong byte, 69 the server is not there, closed a connection or fell
  silent, 71 this machine refused something (io_uring, descriptors), 76 a reply that makes no sense

Examples
  ringload --server 127.0.0.1:11211 --pid $(pidof memcached)
  ringload --server 127.0.0.1:11211 --depth 100 --set-ratio 0 --pattern zipf --duration 30
  ringload --server /run/cache.sock --threads 4 --cpus 4-7 --multiget 50 --value-size 100:9,4000:1
  ringload --server cache:11211 --rate 50000 --connections 400 --json results.json --quiet
)";

}  // namespace ringload
