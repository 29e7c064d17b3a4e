#pragma once

#include <string>
#include <string_view>

namespace skeleta::program {

/// analysis/viewer/skeleta.html: the page that opens run and model files in a browser.
std::string_view viewer_page();

/// That page with a file of these bytes inside, which it shows on opening.
std::string viewer_page_with(std::string_view name, std::string_view bytes);

/// Whether a file that starts like this is such a page, with or without a file inside.
bool is_viewer_page(std::string_view start);

}  // namespace skeleta::program
