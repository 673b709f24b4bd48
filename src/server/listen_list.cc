// The value of -l: a list of addresses, each perhaps with prefixes that say what is spoken there.
#include "server/listen_list.h"

#include <optional>

namespace ringcached::server {
namespace {

constexpr int port_max = 65535;

bool take_front(std::string_view& text, std::string_view front) {
  if (!text.starts_with(front)) return false;
  text.remove_prefix(front.size());
  return true;
}

/// Takes "word[inner]:" off the front.
std::optional<std::string_view> take_bracketed(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word) || text.size() <= word.size() || text[word.size()] != '[') {
    return std::nullopt;
  }
  const size_t end = text.find("]:", word.size());
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view inner = text.substr(word.size() + 1, end - word.size() - 1);
  text.remove_prefix(end + 2);
  return inner;
}

/// "tag_x_:" off the front; tags only name listeners for a proxy.
void take_short_tag(std::string_view& text) {
  constexpr size_t size = std::string_view("tag_x_:").size();
  if (text.size() >= size && text.starts_with("tag_") && text.substr(5, 2) == "_:") {
    text.remove_prefix(size);
  }
}

Complaint take_prefixes(std::string_view& text) {
  take_front(text, "notls:");
  if (text.starts_with("btls:") || text.starts_with("mtls:")) {
    return "TLS is not supported yet; end it in front of ringcached and listen with notls:";
  }
  if (const auto protocol = take_bracketed(text, "proto")) {
    if (*protocol == "binary" || *protocol == "proxy") {
      return "proto[" + std::string(*protocol) + "] is not supported yet; use proto[ascii]";
    }
    if (*protocol != "ascii" && *protocol != "negotiating") {
      return "expected proto[ascii] or proto[negotiating], not proto[" + std::string(*protocol) +
             "]";
    }
  }
  if (!take_bracketed(text, "tag")) take_short_tag(text);
  return {};
}

std::optional<int> parse_port(std::string_view text) {
  const std::optional<int64_t> port = parse_whole(text);
  if (!port || *port < 0 || *port > port_max) return std::nullopt;
  return static_cast<int>(*port);
}

std::optional<ListenAddress> parse_bracketed_host(std::string_view text) {
  const size_t end = text.find(']');
  if (end == std::string_view::npos || end == 1) return std::nullopt;
  ListenAddress address{std::string(text.substr(1, end - 1)), -1};
  const std::string_view rest = text.substr(end + 1);
  if (rest.empty()) return address;
  if (rest.front() != ':') return std::nullopt;
  const std::optional<int> port = parse_port(rest.substr(1));
  if (!port) return std::nullopt;
  address.port = *port;
  return address;
}

}  // namespace

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text.front() == '[') return parse_bracketed_host(text);
  const size_t colon = text.find(':');
  const bool bare = colon == std::string_view::npos || text.find(':', colon + 1) < text.size();
  const std::string_view host = bare ? text : text.substr(0, colon);
  ListenAddress address{host == "*" ? "" : std::string(host), -1};
  if (bare) return address;
  const std::optional<int> port = parse_port(text.substr(colon + 1));
  if (!port || host.empty()) return std::nullopt;
  address.port = *port;
  return address;
}

Complaint add_listen_list(std::string_view list, std::vector<std::string>& addresses) {
  bool any = false;
  while (!list.empty()) {
    const size_t end = std::min(list.find_first_of(",; "), list.size());
    std::string_view element = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (element.empty()) continue;
    if (Complaint complaint = take_prefixes(element); !complaint.empty()) return complaint;
    if (!parse_listen_address(element)) {
      return "expected host, host:port or [v6]:port with a port up to 65535, not \"" +
             std::string(element) + "\"";
    }
    addresses.emplace_back(element);
    any = true;
  }
  return any ? Complaint() : "expected an address to listen on, such as 127.0.0.1 or *";
}

}  // namespace ringcached::server
