#include "storage/model_group.h"

#include <fmt/format.h>

namespace skeleta::storage {

void refuse_two_models(const Hdf5Reader& file, Exists exists) {
  if (exists(file, "/W") && exists(file, "/model/W")) {
    file.refuse("has both /W and /model/W: take away the one that is not meant");
  }
}

std::string model_group(const Hdf5Reader& file, Exists exists) {
  refuse_two_models(file, exists);
  if (exists(file, "/W") || exists(file, "/W_in")) return "";
  if (exists(file, "/model/W")) return "/model";
  file.refuse(fmt::format(
      "has no dataset /W, and no /model/W as run files have (it holds: {}): store W [hidden, "
      "feature] and b or bias [feature]",
      file.root_names()));
}

}  // namespace skeleta::storage
