#include "core/failure.h"

#include <new>
#include <stdexcept>

#include "skeleta/core/cancellation.h"

namespace skeleta {

Failure Failure::caught() {
  Failure failure;
  failure.original_ = std::current_exception();
  try {
    throw;
  } catch (const Interrupted&) {
    return {};
  } catch (const std::invalid_argument& error) {
    failure.kind_ = Kind::argument;
    failure.words_ = error.what();
  } catch (const std::bad_alloc&) {
    failure.kind_ = Kind::memory;
  } catch (const std::exception& error) {
    failure.kind_ = Kind::other;
    failure.words_ = error.what();
  }
  return failure;
}

void Failure::raise() const {
  if (original_) std::rethrow_exception(original_);
  if (kind_ == Kind::argument) throw std::invalid_argument(words_);
  if (kind_ == Kind::memory) throw std::bad_alloc();
  throw std::runtime_error(words_);
}

}  // namespace skeleta
