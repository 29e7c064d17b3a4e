#include "storage/foreign_link.h"

#include <fmt/format.h>

#include <vector>

namespace skeleta::storage {
namespace {

constexpr int most_links = 16;

// The value of a link that is not hard: of a soft one, the path it stands for.
std::vector<char> link_value(const Hdf5Reader& file, const std::string& link, std::size_t size) {
  std::vector<char> value(size + 1, '\0');
  check(H5Lget_val(file.id(), link.c_str(), value.data(), size, H5P_DEFAULT), file.file(),
        "read the link", link);
  return value;
}

[[noreturn]] void refuse_external(const Hdf5Reader& file, const std::string& link,
                                  std::size_t size) {
  const std::vector<char> value = link_value(file, link, size);
  unsigned flags = 0;
  const char *other = "", *object = "";
  check(H5Lunpack_elink_val(value.data(), size, &flags, &other, &object), file.file(),
        "read the link", link);
  file.refuse(
      fmt::format("{} is a link to {} in another file, '{}': give that file, or store the numbers "
                  "here",
                  link, object, other));
}

bool leads(const Hdf5Reader& file, const std::string& path, int followed);

// Throws unless the target of a soft link is there.
void follow(const Hdf5Reader& file, const std::string& link, std::size_t size, int followed) {
  const std::string target = link_value(file, link, size).data();
  const bool absolute = target.starts_with('/');
  const std::string full = absolute ? target : link.substr(0, link.rfind('/') + 1) + target;
  if (followed >= most_links) {
    file.refuse(fmt::format("{} is a link that leads to more than {} others", link, most_links));
  }
  if (!leads(file, full, followed + 1)) {
    file.refuse(fmt::format("{} is a link to {}, which is not there", link, target));
  }
}

// Link by link from the root: what is behind the first ones is only looked at once they are known
// to stay inside.
bool leads(const Hdf5Reader& file, const std::string& path, int followed) {
  if (path.find_first_not_of('/') == std::string::npos) return true;
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string link = path.substr(0, end);
    if (H5Lexists(file.id(), link.c_str(), H5P_DEFAULT) <= 0) return false;
    H5L_info_t info;
    check(H5Lget_info(file.id(), link.c_str(), &info, H5P_DEFAULT), file.file(), "read the link",
          link);
    if (info.type == H5L_TYPE_EXTERNAL) refuse_external(file, link, info.u.val_size);
    if (info.type == H5L_TYPE_SOFT) follow(file, link, info.u.val_size, followed);
    if (info.type != H5L_TYPE_SOFT && info.type != H5L_TYPE_HARD) {
      file.refuse(fmt::format("{} is a link of an unknown kind", link));
    }
    if (H5Oexists_by_name(file.id(), link.c_str(), H5P_DEFAULT) <= 0) return false;
    if (end == std::string::npos) return true;
  }
}

}  // namespace

bool leads_to_object(const Hdf5Reader& file, const std::string& path) {
  return leads(file, path, 0);
}

}  // namespace skeleta::storage
