#include "skeleta/sampling/stream.h"

#include "sampling/philox.h"

namespace skeleta::sampling {

void PointStream::refill() {
  words_ = philox(key_, point_, block_++);
  used_ = 0;
}

}  // namespace skeleta::sampling
