#include "server/libsasl.h"

#include <sasl/sasl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string_view>

#include "base/assert.h"
#include "base/secret.h"

namespace ringcached::server {
namespace {

constexpr const char* service = "memcached";
constexpr const char* configuration = "/memcached.conf";
constexpr size_t host_name_max = 1025;  // bytes, with the zero

/// What the library's callbacks are told. There is one in a process, as there is one libsasl.
struct Setup {
  int verbosity = 0;
  std::string path;       // of the configuration
  std::string passwords;  // the file of MEMCACHED_SASL_PWDB; empty: libsasl's own ways
};

/// A line of the file: user, password and whatever else, with colons between them.
bool line_admits(std::string_view line, std::string_view given) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const size_t password = line.find(':') + 1;  // 0: not such a line
  return password > 0 && same_secret(line.substr(0, line.find(':', password)), given);
}

/// As memcached, the file is read at each login: what is changed in it holds at once.
bool file_admits(const std::string& path, const std::string& user, std::string_view password) {
  const std::string given = user + ":" + std::string(password);
  std::ifstream file(path);
  std::string line;
  bool known = false;
  while (std::getline(file, line)) known = line_admits(line, given) || known;
  return known;
}

// --- What libsasl calls.

int log(void* context, int level, const char* message) {
  const Setup& setup = *static_cast<const Setup*>(context);
  const bool told = level == SASL_LOG_ERR || (level < SASL_LOG_NOTE && setup.verbosity > 0) ||
                    (level == SASL_LOG_NOTE && setup.verbosity > 1);
  if (told && level != SASL_LOG_NONE && message != nullptr) {
    std::fprintf(stderr, "SASL (severity %d): %s\n", level, message);
  }
  return SASL_OK;
}

int check_password(sasl_conn_t*, void* context, const char* user, const char* password,
                   unsigned size, propctx*) {
  const Setup& setup = *static_cast<const Setup*>(context);
  return file_admits(setup.passwords, user, {password, size}) ? SASL_OK : SASL_NOAUTHZ;
}

void* make_mutex() {
  return new std::mutex;
}
int lock_mutex(void* mutex) {
  static_cast<std::mutex*>(mutex)->lock();
  return SASL_OK;
}
int unlock_mutex(void* mutex) {
  static_cast<std::mutex*>(mutex)->unlock();
  return SASL_OK;
}
void free_mutex(void* mutex) {
  delete static_cast<std::mutex*>(mutex);
}

// --- The dialogue.

class Dialogue final : public session::SaslDialogue {
 public:
  explicit Dialogue(const char* host) {
    ::sasl_server_new(service, host, nullptr, nullptr, nullptr, nullptr, 0, &connection_);
    if (connection_ != nullptr && !demand_a_name()) ::sasl_dispose(&connection_);
  }
  ~Dialogue() override { ::sasl_dispose(&connection_); }
  Dialogue(const Dialogue&) = delete;
  Dialogue& operator=(const Dialogue&) = delete;

  std::optional<std::string_view> mechanisms() override {
    const char* names = nullptr;
    unsigned size = 0;
    const int result = ::sasl_listmech(connection_, nullptr, "", " ", "", &names, &size, nullptr);
    if (result != SASL_OK) return {};
    return std::string_view(names, size);
  }

  session::SaslAnswer start(std::string_view mechanism, std::string_view response) override {
    const std::string name(mechanism);
    const char* challenge = nullptr;
    unsigned size = 0;
    const int result = ::sasl_server_start(connection_, name.c_str(), bytes_of(response),
                                           size_of(response), &challenge, &size);
    started_ = result == SASL_OK || result == SASL_CONTINUE;
    return answer(result, challenge, size);
  }

  session::SaslAnswer step(std::string_view response) override {
    if (!started_) return {};
    const char* challenge = nullptr;
    unsigned size = 0;
    const int result =
        ::sasl_server_step(connection_, bytes_of(response), size_of(response), &challenge, &size);
    return answer(result, challenge, size);
  }

 private:
  /// Without a mech_list libsasl offers ANONYMOUS, by which everybody would be let in.
  bool demand_a_name() {
    RC_ASSERT(connection_ != nullptr);
    sasl_security_properties_t demands{};
    demands.security_flags = SASL_SEC_NOANONYMOUS;
    return ::sasl_setprop(connection_, SASL_SEC_PROPS, &demands) == SASL_OK;
  }

  /// None is not the same as an empty one.
  static const char* bytes_of(std::string_view response) {
    return response.empty() ? nullptr : response.data();
  }
  static unsigned size_of(std::string_view response) {
    return static_cast<unsigned>(response.size());
  }

  static session::SaslAnswer answer(int result, const char* challenge, unsigned size) {
    using What = session::SaslAnswer::What;
    if (result == SASL_OK) return {.what = What::Admitted};
    if (result != SASL_CONTINUE) return {};
    return {
        .what = What::Continue,
        .challenge = challenge == nullptr ? std::string_view() : std::string_view(challenge, size)};
  }

  sasl_conn_t* connection_ = nullptr;  // null: libsasl refuses whatever it is asked
  bool started_ = false;
};

class Libsasl final : public session::Sasl {
 public:
  explicit Libsasl(Setup setup) : setup_(std::move(setup)) {
    if (::gethostname(host_, sizeof host_ - 1) != 0) host_[0] = '\0';
    add(SASL_CB_LOG, log);
    if (!setup_.passwords.empty()) {
      add(SASL_CB_SERVER_USERDB_CHECKPASS, check_password);
    }
    *next_ = {SASL_CB_LIST_END, nullptr, nullptr};
    if (!setup_.path.empty()) ::sasl_set_path(SASL_PATH_TYPE_CONFIG, setup_.path.data());
    ::sasl_set_mutex(make_mutex, lock_mutex, unlock_mutex, free_mutex);
    ready_ = ::sasl_server_init(callbacks_, service) == SASL_OK;
  }
  ~Libsasl() override { ::sasl_done(); }
  Libsasl(const Libsasl&) = delete;
  Libsasl& operator=(const Libsasl&) = delete;

  bool ready() const { return ready_; }

  std::unique_ptr<session::SaslDialogue> begin() override {
    return std::make_unique<Dialogue>(host_[0] == '\0' ? nullptr : host_);
  }

 private:
  /// The library takes callbacks of every kind as this one.
  template <class Function>
  void add(unsigned long id, Function* callback) {
    const auto any = reinterpret_cast<void (*)()>(callback);
    RC_ASSERT(next_ + 1 < callbacks_ + std::size(callbacks_));  // the last one ends the list
    *next_++ = {id, reinterpret_cast<int (*)()>(any), &setup_};
  }

  Setup setup_;
  char host_[host_name_max] = {};
  sasl_callback_t callbacks_[3];
  sasl_callback_t* next_ = callbacks_;
  bool ready_ = false;
};

bool readable(const std::string& path) {
  return ::access(path.c_str(), R_OK) == 0;
}

/// The folder where memcached.conf is; empty: nowhere.
std::string find_configuration() {
  const auto has_it = [](const char* folder) {
    return readable(std::string(folder) + configuration);
  };
  if (const char* given = std::getenv("SASL_CONF_PATH")) return has_it(given) ? given : "";
  for (const char* folder : {"/etc/sasl", "/etc/sasl2"}) {
    if (has_it(folder)) return folder;
  }
  return {};
}

}  // namespace

std::unique_ptr<session::Sasl> open_libsasl(int verbosity, std::string& error) {
  Setup setup{.verbosity = verbosity, .path = find_configuration(), .passwords = {}};
  if (const char* file = std::getenv("MEMCACHED_SASL_PWDB")) setup.passwords = file;
  if (!setup.passwords.empty() && !readable(setup.passwords)) {
    error = "-S: MEMCACHED_SASL_PWDB names " + setup.passwords + ", which cannot be read";
    return nullptr;
  }
  if (setup.passwords.empty() && setup.path.empty()) {
    error =
        "-S: no memcached.conf in $SASL_CONF_PATH, or else /etc/sasl or /etc/sasl2; write one, or "
        "name a file of user:password lines in MEMCACHED_SASL_PWDB";
    return nullptr;
  }
  auto made = std::make_unique<Libsasl>(std::move(setup));
  if (made->ready()) return made;
  error = "-S: libsasl2 does not start; see its memcached.conf";
  return nullptr;
}

}  // namespace ringcached::server
