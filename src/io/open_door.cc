#include "io/open_door.h"

#include "base/assert.h"
#include "io/epoll_door.h"
#include "io/uring_door.h"

namespace ringcached::io {

Choice choose_door(Io wanted) {
  if (wanted == Io::Epoll) return {Io::Epoll};
  std::string error;
  if (UringDoor::open({}, error) != nullptr) return {Io::Uring};
  return {wanted == Io::Auto ? Io::Epoll : Io::Auto, error};
}

std::unique_ptr<Door> open_door(Io io, std::string& error) {
  RC_ASSERT(io != Io::Auto);
  if (io == Io::Epoll) return EpollDoor::open({}, error);
  return UringDoor::open({}, error);
}

}  // namespace ringcached::io
