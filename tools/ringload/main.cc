// ringload: a load generator for memcached servers that checks every byte it reads.
#include <signal.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>

#include "ringload/failure.h"
#include "ringload/help.h"
#include "ringload/options.h"
#include "ringload/report.h"
#include "ringload/run.h"

namespace ringload {
namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

/// The first Ctrl-C ends the run with what it has; the second one ends the program.
void on_signal(int) {
  interrupted = true;
}

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

void print(const std::string& text, const std::string& path) {
  if (path == "-") {
    std::fputs(text.c_str(), stdout);
    return;
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "we"),
                                                             std::fclose);
  if (!file || std::fputs(text.c_str(), file.get()) < 0 || std::fflush(file.get()) != 0) {
    throw Failure(Exit::System, "cannot write " + path);
  }
}

void report(const Options& options, const Result& result) {
  if (!options.json.empty()) print(as_json(options, result), options.json);
  if (options.json != "-" && !options.quiet) print(as_table(options, result), "-");
}

/// What makes a run that came to its end a failed one.
void judge(const Result& result) {
  if (result.wrong > 0) {
    throw Failure(Exit::WrongByte, std::to_string(result.wrong) +
                                       " values were wrong; the first: " + result.first_wrong);
  }
  if (result.timeouts > 0) {
    throw Failure(Exit::Unavailable,
                  std::to_string(result.timeouts) + " requests were not answered in time");
  }
  if (result.idle_disturbed > 0) {
    throw Failure(Exit::Unavailable, "the server closed " + std::to_string(result.idle_disturbed) +
                                         " idle connections");
  }
}

int main(int count, char** words) {
  try {
    const Options options = parse_options(count, words);
    if (options.help) {
      std::fputs(help_text, stdout);
      return 0;
    }
    catch_signals();
    const Result result = run(options, interrupted);
    report(options, result);
    judge(result);
    return 0;
  } catch (const Failure& failure) {
    std::fflush(stdout);
    std::fprintf(stderr, "ringload: %s\n", failure.what());
    return static_cast<int>(failure.code());
  }
}

}  // namespace
}  // namespace ringload

int main(int count, char** words) {
  return ringload::main(count, words);
}
