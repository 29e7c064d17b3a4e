#include "skeleta/sampling/stream.h"

#include <stdexcept>

#include "sampling/philox.h"

namespace skeleta::sampling {

void PointStream::refill() {
  if (script_.data() != nullptr) {
    if (block_ == script_.size()) throw std::out_of_range("the script of a PointStream has ended");
    used_ = words_.size() - 1;
    words_[used_] = script_[block_++];
    return;
  }
  words_ = philox(key_, point_, block_++);
  used_ = 0;
}

}  // namespace skeleta::sampling
