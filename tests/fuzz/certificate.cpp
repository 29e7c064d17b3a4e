// Certificates: what is read is written with the same meaning.
#include "skeleta/certify/polygon.h"
#include "target.h"

void consume(std::span<const char> bytes) {
  using namespace skeleta::certify;
  const PolygonProof proof = read_certificate({bytes.data(), bytes.size()});
  const std::string text = certificate_text(proof);
  if (certificate_text(read_certificate(text)) != text) __builtin_trap();
}
