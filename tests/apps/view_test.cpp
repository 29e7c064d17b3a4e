#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "viewer_page.h"
#include "workplace.h"

namespace skeleta::program {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string data = SKELETA_SOURCE_DIR "/data/";
const std::string pentagon = data + "trained/n5_m2_S0.95.h5";

class View : public Workplace {
 protected:
  // What Python finds in the page: the bytes of the file inside.
  std::string file_inside(const std::string& page) const {
    const std::string script = write("inside.py", R"(import base64, re, sys
text = open(sys.argv[1], encoding="utf-8").read()
parts = re.findall(r'<script type="application/octet-stream" class="skeleta-file" data-name="[^"]*">(.*?)</script>', text)
open(sys.argv[2], "wb").write(b"".join(base64.b64decode(part, validate=True) for part in parts))
)");
    EXPECT_EQ(
        std::system(("/usr/bin/python3 " + script + " " + page + " " + path("inside.h5")).c_str()),
        0);
    return contents("inside.h5");
  }

  static std::string bytes_of(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
};

// Without the charset in front the page's WebAssembly is read as other bytes.
TEST_F(View, ThePageIsTheBuiltOne) {
  EXPECT_EQ(viewer_page(), bytes_of(SKELETA_SOURCE_DIR "/analysis/viewer/skeleta.html"));
  EXPECT_THAT(std::string(viewer_page().substr(0, 100)),
              HasSubstr("<head>\n<meta charset=\"utf-8\">"));
  EXPECT_TRUE(is_viewer_page(viewer_page()));
}

TEST_F(View, EveryKindOfFileIsInItsPage) {
  for (const char* file : {"trained/n5_m2_S0.95.h5", "trained/n400_m30_S0.99.h5",
                           "fixtures/estimate.h5", "fixtures/train.h5", "fixtures/sweep.h5"}) {
    const std::string page = path("page.html");
    const Outcome outcome = run_program({"view", data + file, "-o", page});
    EXPECT_EQ(outcome.code, done) << outcome.err;
    EXPECT_EQ(outcome.out, page + "\n");
    EXPECT_EQ(outcome.err, "");
    EXPECT_EQ(file_inside(page), bytes_of(data + file));
  }
}

// Parts of the page, and of its padding, of every length.
TEST_F(View, AnyNumberOfBytesFits) {
  for (const std::size_t size : {1u, 2u, 3u, 4u, (3u << 20) - 1, 3u << 20, (3u << 20) + 1}) {
    std::string bytes(size, '\0');
    for (std::size_t k = 0; k < size; ++k) bytes[k] = static_cast<char>(k * 2654435761u >> 13);
    EXPECT_EQ(file_inside(write("page.html", viewer_page_with("x.h5", bytes))), bytes) << size;
  }
}

TEST_F(View, TheNameIsEscaped) {
  EXPECT_THAT(viewer_page_with("a\"<&.h5", "x"),
              HasSubstr("data-name=\"a&quot;&lt;&amp;.h5\">eA=="));
}

TEST_F(View, WithoutANameThePageIsNamedAfterTheFile) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder_);
  const Outcome outcome = run_program({"view", pentagon});
  std::filesystem::current_path(before);
  EXPECT_EQ(outcome.code, done) << outcome.err;
  EXPECT_EQ(outcome.out, "n5_m2_S0.95.html\n");
  EXPECT_TRUE(exists("n5_m2_S0.95.html"));
}

TEST_F(View, AnEarlierPageIsReplacedAndNothingElse) {
  const std::string page = path("page.html");
  EXPECT_EQ(run_program({"view", pentagon, "-o", page}).code, done);
  EXPECT_EQ(run_program({"view", data + "fixtures/sweep.h5", "-o", page}).code, done);
  EXPECT_EQ(file_inside(page), bytes_of(data + "fixtures/sweep.h5"));

  const std::string notes = write("notes.html", "<p>mine</p>");
  expect_refused({"view", pentagon, "-o", notes}, "already exists");
  EXPECT_EQ(contents("notes.html"), "<p>mine</p>");
  EXPECT_EQ(run_program({"view", pentagon, "-o", notes, "--force"}).code, done);
  EXPECT_EQ(file_inside(notes), bytes_of(pentagon));
}

TEST_F(View, BadInputIsRefused) {
  expect_refused({"view"}, "view needs a file");
  expect_refused({"view", path("none.h5")}, "none.h5");
  expect_refused({"view", write("notes.h5", "not HDF5")}, "notes.h5");
  expect_refused({"view", write("half.h5", bytes_of(pentagon).substr(0, 3000))}, "half.h5");
  expect_refused({"view", pentagon, "-o", path("no/such/page.html")}, "does not exist");
  const std::string model = write("model.h5", bytes_of(pentagon));
  expect_refused({"view", model, "-o", model, "--force"}, "is the model itself");
  EXPECT_EQ(contents("model.h5"), bytes_of(pentagon));
}

// A page that cannot be written leaves the earlier one, and no temporary file.
TEST_F(View, AFullDiskLeavesTheEarlierPage) {
  const std::string page = path("page.html");
  ASSERT_EQ(run_program({"view", pentagon, "-o", page}).code, done);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{1 << 20, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const Outcome outcome = run_program({"view", data + "fixtures/sweep.h5", "-o", page});
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(outcome.code, failed) << outcome.err;
  EXPECT_THAT(outcome.err, StartsWith("skeleta: "));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
  EXPECT_EQ(file_inside(page), bytes_of(pentagon));
}

}  // namespace
}  // namespace skeleta::program
