#include "delivery.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <exception>
#include <new>
#include <ostream>

#include "program.h"
#include "skeleta/core/cancellation.h"

namespace skeleta::program {

std::string failure_of(const std::function<void()>& work) {
  try {
    work();
    return "";
  } catch (const std::bad_alloc&) {
    return "out of memory";
  } catch (const std::exception& error) {
    return error.what();
  }
}

int deliver(const Delivery& delivery, int code, std::ostream& out, std::ostream& err) {
  const BorrowedScope none(nullptr);  // what there is is told, called off or not
  const std::string failure = delivery.write ? failure_of(delivery.write) : "";
  delivery.print();
  out.flush();
  if (!failure.empty()) {
    fmt::print(err, "skeleta: {}\n", failure);
    return ExitCode::failed;
  }
  if (delivery.write && !delivery.told.empty()) fmt::print(err, "written to {}\n", delivery.told);
  return code;
}

}  // namespace skeleta::program
