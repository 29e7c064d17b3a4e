#include "skeleta/sampling/stream.h"

#include <Random123/philox.h>

namespace skeleta::sampling {

void PointStream::refill() {
  using Philox = r123::Philox4x64;
  const Philox::key_type key{{key_.seed, static_cast<std::uint64_t>(key_.purpose)}};
  const Philox::ctr_type counter{{block_++, point_, key_.stratum, key_.replicate}};
  const Philox::ctr_type words = Philox{}(counter, key);
  std::copy(words.begin(), words.end(), words_.begin());
  used_ = 0;
}

}  // namespace skeleta::sampling
