#include "viewer_page.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

// The assembler takes the built page as it is; a string literal of megabytes would slow down every
// build.
asm(".pushsection .rodata\n"
    ".global skeleta_viewer_page\n"
    ".global skeleta_viewer_page_end\n"
    "skeleta_viewer_page:\n"
    ".incbin \"" SKELETA_VIEWER_PAGE
    "\"\n"
    "skeleta_viewer_page_end:\n"
    ".popsection\n");
extern "C" const char skeleta_viewer_page[], skeleta_viewer_page_end[];

namespace skeleta::program {
namespace {

// Bytes in one script element: the page decodes one after the other and stays responsive. A
// multiple of 3, so that only the last one is padded.
constexpr std::size_t part_size = 3 << 20;

void append_base64(std::string& text, std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t k = 0; k < bytes.size(); k += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - k);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      const auto byte = i < count ? static_cast<unsigned char>(bytes[k + i]) : 0u;
      group = group << 8 | byte;
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= count ? digits[group >> (18 - 6 * i) & 63] : '=';
    }
  }
}

std::string attribute_text(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace

std::string_view viewer_page() {
  return {skeleta_viewer_page,
          static_cast<std::size_t>(skeleta_viewer_page_end - skeleta_viewer_page)};
}

std::string viewer_page_with(std::string_view name, std::string_view bytes) {
  const std::string_view page = viewer_page();
  const std::size_t end = page.rfind("</body>");
  std::string text;
  text.reserve(page.size() + bytes.size() / 3 * 4 + (bytes.size() / part_size + 1) * 200);
  text += page.substr(0, end);
  const std::string open =
      "<script type=\"application/octet-stream\" class=\"skeleta-file\" "
      "data-name=\"" +
      attribute_text(name) + "\">";
  for (std::size_t k = 0; k < bytes.size(); k += part_size) {
    text += open;
    append_base64(text, bytes.substr(k, part_size));
    text += "</script>\n";
  }
  text += page.substr(end);
  return text;
}

bool is_viewer_page(std::string_view start) {
  return start.substr(0, 512).find("<meta name=\"generator\" content=\"skeleta view\">") !=
         std::string_view::npos;
}

}  // namespace skeleta::program
