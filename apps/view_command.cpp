#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "commands.h"
#include "errors.h"
#include "model_input.h"
#include "print.h"
#include "program.h"
#include "skeleta/storage/output_file.h"
#include "viewer_page.h"

namespace skeleta::program {
namespace {

namespace fs = std::filesystem;

constexpr const char* view_examples =
    R"(One HTML page of a model file or a run file, with the file inside.

It opens in any browser, needs no network and can be sent to anybody.

Examples:
  skeleta view run.h5                  writes run.html into the working folder
  skeleta view model.h5 -o page.html
)";

// Throws UsageError unless the page can show the file: a run of skeleta, or a model file.
void check_input(const std::string& file) {
  const std::string filetype = filetype_of(file);
  const bool is_run = filetype.starts_with("skeleta ") && filetype != "skeleta model";
  if (!is_run) read_models(file, {.allow_wide = true});
}

std::string bytes_of(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  if (!stream) throw UsageError(fmt::format("{}: cannot be read", file));
  return bytes;
}

// A page may take the place of an earlier page, which holds nothing that is not in its file.
bool is_earlier_page(const std::string& output) {
  std::error_code ignored;
  if (!fs::is_regular_file(output, ignored)) return false;
  std::string start(512, '\0');
  std::ifstream stream(output, std::ios::binary);
  stream.read(start.data(), static_cast<std::streamsize>(start.size()));
  return is_viewer_page(start);
}

// run.h5 gives run.html; other endings may be a part of the name, such as that of model_S0.95.
std::string page_name(const std::string& file) {
  fs::path name = fs::path(file).filename();
  return name.extension() == ".h5" ? name.replace_extension(".html").string()
                                   : name.string() + ".html";
}

class View : public Command {
 public:
  void declare(OptionTable& options) override {
    options.add("file", &file_, "FILE.h5", "Model file or run file");
    options.add("-o,--output", &output_, "PAGE.html",
                "The page; without it FILE.html in the working folder");
    options.add("--force", &force_, "", "Replace whatever has that name");
  }

  int run(Run& run) override {
    if (file_.empty()) throw UsageError("view needs a file: skeleta view FILE.h5");
    check_input(file_);
    const std::string page = output_.empty() ? page_name(file_) : output_;
    const std::string target = resolve_links(page);
    const bool overwrite = force_ || is_earlier_page(target);
    check_output(target, file_, overwrite);
    const std::string text = viewer_page_with(fs::path(file_).filename().string(), bytes_of(file_));
    storage::write_output(target, text, overwrite);
    print_to(run.out(), "{}\n", page);
    return ExitCode::done;
  }

 private:
  std::string file_, output_;
  bool force_ = false;
};

}  // namespace

CommandEntry view_command() {
  return {"view", view_examples, make_command<View>, false};
}

}  // namespace skeleta::program
