#include "ringload/report.h"

#include <cinttypes>
#include <cstdarg>
#include <cstdio>

#include "ringload/json.h"

namespace ringload {

namespace {

struct Percentile {
  const char* name;
  double share;
};

constexpr Percentile percentiles[] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}};

double in_us(double ns) {
  return ns * 1e-3;
}

double in_us(uint64_t ns) {
  return static_cast<double>(ns) * 1e-3;
}

double quotient(double a, double b) {
  return b == 0 ? 0 : a / b;
}

/// What the figures of both reports are made of.
struct Figures {
  Figures(const Options& given, const Result& found)
      : options(given), result(found), tally(found.load.tally) {}

  double requests() const { return static_cast<double>(tally.requests()); }
  double us_per_request(double seconds) const { return quotient(seconds * 1e6, requests()); }
  double per_second() const { return quotient(requests(), result.seconds); }
  double cpus(double cpu_s) const { return quotient(cpu_s, result.seconds); }
  std::optional<double> hit_ratio() const {
    const uint64_t looked_up = tally.hits + tally.misses + tally.wrong;
    if (looked_up == 0) return std::nullopt;
    return static_cast<double>(tally.hits) / static_cast<double>(looked_up);
  }

  const Options& options;
  const Result& result;
  const Tally& tally;
};

// --- JSON.

JsonObject durations(const Histogram& histogram) {
  JsonObject json;
  json.add("mean", in_us(histogram.mean()));
  for (const Percentile& each : percentiles) json.add(each.name, in_us(histogram.at(each.share)));
  json.add("max", in_us(histogram.max()));
  return json;
}

void add_counts(JsonObject& json, const Figures& figures) {
  const Tally& tally = figures.tally;
  json.add("requests", tally.requests());
  json.add("seconds", figures.result.seconds);
  json.add("requests_per_second", figures.per_second());
  json.add("gets", tally.gets);
  json.add("hits", tally.hits);
  json.add("misses", tally.misses);
  json.add("hit_ratio", figures.hit_ratio());
  json.add("sets", tally.sets);
  json.add("wrong", tally.wrong);
  json.add("errors", tally.errors);
  json.add("first_error", tally.first_error.empty() ? std::optional<std::string>()
                                                    : std::optional(tally.first_error));
  json.add("timeouts", tally.timeouts);
  json.add("unsent", figures.result.load.unsent);
  json.add("populate_errors", figures.result.populate_errors);
  json.add("idle_disturbed", figures.result.idle_disturbed);
}

void add_costs(JsonObject& json, const Figures& figures) {
  const std::optional<Used>& server = figures.result.server;
  const std::optional<Memory>& memory = figures.result.memory;
  const auto of_server = [&](auto figure) -> std::optional<decltype(figure(*server))> {
    if (!server) return std::nullopt;
    return figure(*server);
  };
  json.add("server_cpu_us_per_request",
           of_server([&](const Used& used) { return figures.us_per_request(used.cpu_s); }));
  json.add("server_user_us_per_request",
           of_server([&](const Used& used) { return figures.us_per_request(used.user_s); }));
  json.add("server_system_us_per_request",
           of_server([&](const Used& used) { return figures.us_per_request(used.system_s); }));
  json.add("server_cpus", of_server([&](const Used& used) { return figures.cpus(used.cpu_s); }));
  json.add("voluntary_switches",
           of_server([](const Used& used) { return used.voluntary_switches; }));
  json.add("involuntary_switches",
           of_server([](const Used& used) { return used.involuntary_switches; }));
  json.add("server_rss_kib", memory ? std::optional(memory->rss_kib) : std::nullopt);
  json.add("server_rss_peak_kib", memory ? std::optional(memory->rss_peak_kib) : std::nullopt);
  json.add("client_cpu_us_per_request", figures.us_per_request(figures.result.client_cpu_s));
  json.add("client_cpus", figures.cpus(figures.result.client_cpu_s));
}

void add_options(JsonObject& json, const Options& options) {
  json.add("server", options.server);
  json.add("pid", options.pid == 0 ? std::nullopt : std::optional(options.pid));
  json.add("protocol", protocol_names[static_cast<size_t>(options.protocol)]);
  json.add("threads", options.threads);
  json.add("connections", options.connections);
  json.add("depth", options.depth);
  json.add("multiget", options.multiget);
  json.add("set_ratio", options.set_ratio);
  json.add("keys", options.keys);
  json.add("pattern", options.pattern.spelled());
  json.add("hot_key", options.hot_share);
  json.add("key_size", options.key_size_text);
  json.add("value_size", options.value_size_text);
  json.add("ttl", options.ttl);
  json.add("rate", options.rate == 0 ? std::nullopt : std::optional(options.rate));
  json.add("poisson", options.poisson);
  json.add("idle_connections", options.idle_connections);
  json.add("populate", options.populate);
  json.add("verify", options.verify);
  json.add("duration", options.duration == 0 ? std::nullopt : std::optional(options.duration));
  json.add("requests_limit",
           options.requests == 0 ? std::nullopt : std::optional(options.requests));
  json.add("warmup", options.warmup);
  json.add("timeout", options.timeout);
  json.add("cpus", options.cpus.empty() ? std::nullopt : std::optional(options.cpus_text));
  json.add("seed", options.seed);
}

// --- The table.

class Table {
 public:
  [[gnu::format(printf, 3, 4)]] void row(const char* name, const char* format, ...) {
    char text[256];
    va_list values;
    va_start(values, format);
    std::vsnprintf(text, sizeof text, format, values);
    va_end(values);
    char line[320];
    std::snprintf(line, sizeof line, "%-22s%s\n", name, text);
    text_ += line;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void add_durations(Table& table, const char* name, const Histogram& histogram) {
  std::string text;
  const auto add = [&](const char* label, double us) {
    char part[48];
    std::snprintf(part, sizeof part, "%s%s %.*f", text.empty() ? "" : "  ", label,
                  us < 1000 ? 1 : 0, us);
    text += part;
  };
  add("mean", in_us(histogram.mean()));
  for (const Percentile& each : percentiles) add(each.name, in_us(histogram.at(each.share)));
  add("max", in_us(histogram.max()));
  table.row(name, "%s", text.c_str());
}

void add_counts(Table& table, const Figures& figures) {
  const Tally& tally = figures.tally;
  table.row("requests", "%" PRIu64 " in %.2f s", tally.requests(), figures.result.seconds);
  table.row("throughput", "%.0f requests/s", figures.per_second());
  table.row("gets", "%" PRIu64 ": %" PRIu64 " hits, %" PRIu64 " misses", tally.gets, tally.hits,
            tally.misses);
  if (const auto ratio = figures.hit_ratio()) table.row("hit ratio", "%.2f %%", *ratio * 100);
  table.row("sets", "%" PRIu64, tally.sets);
}

void add_troubles(Table& table, const Figures& figures) {
  const Tally& tally = figures.tally;
  const Result& result = figures.result;
  if (tally.errors > 0) {
    table.row("errors", "%" PRIu64 ", the first: %s", tally.errors, tally.first_error.c_str());
  }
  if (result.wrong > 0) table.row("wrong", "%" PRIu64, result.wrong);
  if (result.timeouts > 0) table.row("never answered", "%" PRIu64, result.timeouts);
  if (result.populate_errors > 0) {
    table.row("not populated", "%" PRIu64 " keys", result.populate_errors);
  }
  if (result.load.unsent > 0) {
    table.row("not sent", "%" PRIu64 ": the server is slower than --rate", result.load.unsent);
  }
  if (result.idle_disturbed > 0) {
    table.row("idle connections", "%u were closed by the server", result.idle_disturbed);
  }
}

void add_costs(Table& table, const Figures& figures) {
  if (const auto& server = figures.result.server) {
    table.row("server CPU", "%.3f us per request (user %.3f, system %.3f), %.2f CPUs",
              figures.us_per_request(server->cpu_s), figures.us_per_request(server->user_s),
              figures.us_per_request(server->system_s), figures.cpus(server->cpu_s));
    table.row("context switches", "%" PRIu64 " voluntary, %" PRIu64 " involuntary",
              server->voluntary_switches, server->involuntary_switches);
  }
  if (const auto& memory = figures.result.memory) {
    table.row("server memory", "%.1f MiB, at the most %.1f MiB",
              static_cast<double>(memory->rss_kib) / 1024,
              static_cast<double>(memory->rss_peak_kib) / 1024);
  }
  table.row("client CPU", "%.3f us per request, %.2f CPUs",
            figures.us_per_request(figures.result.client_cpu_s),
            figures.cpus(figures.result.client_cpu_s));
}

}  // namespace

std::string as_table(const Options& options, const Result& result) {
  const Figures figures(options, result);
  Table table;
  add_counts(table, figures);
  add_troubles(table, figures);
  add_durations(table, "latency (us)", result.load.latency);
  if (options.rate > 0) add_durations(table, "of that lag (us)", result.load.lag);
  add_costs(table, figures);
  return table.text();
}

std::string as_json(const Options& options, const Result& result) {
  const Figures figures(options, result);
  JsonObject json;
  add_counts(json, figures);
  json.add("latency_us", durations(result.load.latency));
  json.add("lag_us", options.rate == 0 ? std::nullopt : std::optional(durations(result.load.lag)));
  add_costs(json, figures);
  add_options(json, options);
  return json.text() + "\n";
}

}  // namespace ringload
