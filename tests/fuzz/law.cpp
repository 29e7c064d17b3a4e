// The language of densities, values and groups (measure/law_text.h), a line each.
#include "skeleta/measure/law_text.h"
#include "target.h"

void consume(std::span<const char> bytes) {
  using namespace skeleta;
  constexpr Index features = 6;
  const std::string text(bytes.begin(), bytes.end());
  const std::size_t first = text.find('\n'), second = text.find('\n', first + 1);
  if (second == std::string::npos) return;
  const Vector density = parse_density(text.substr(0, first), features);
  parse_value_laws(text.substr(first + 1, second - first - 1), features);
  const ActivityTree tree = parse_groups(text.substr(second + 1), density);
  parse_groups(to_string(tree), tree.density());  // what is written is read
}
