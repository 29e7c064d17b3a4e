#include <fmt/format.h>

#include "workplace.h"

namespace skeleta::program {
namespace {

using testing::HasSubstr;

class Identity : public Workplace {
 protected:
  // Two features in one dimension; the same weights each time.
  std::string write_model(const std::string& name, double density, double importance) const {
    const std::string script = write("model.py", R"(import sys, h5py
with h5py.File(sys.argv[1], "w") as f:
    f["W"], f["b"] = [[1.0, -0.9]], [0.0, 0.0]
    f["density"], f["importance"] = [float(sys.argv[2])] * 2, [float(sys.argv[3])] * 2
)");
    const std::string command =
        fmt::format("/usr/bin/python3 {} {} {} {}", script, path(name), density, importance);
    EXPECT_EQ(std::system(command.c_str()), 0);
    return path(name);
  }

  void expect_refused(const std::vector<std::string>& arguments) const {
    const std::string before = contents("run.h5");
    const Outcome other = run_program(arguments);
    EXPECT_EQ(other.code, usage);
    EXPECT_THAT(other.err, HasSubstr("cannot be continued: its inputs differ in content"));
    EXPECT_EQ(contents("run.h5"), before);
  }
};

// The file's name and the options are the same; what stands in it is not.
TEST_F(Identity, TrainingGoesOnWithTheSameContentOnly) {
  const std::vector<std::string> train = {"train",        "--init", write_model("m.h5", 0.05, 1.0),
                                          "--starts",     "1",      "-o",
                                          path("run.h5"), "--quiet"};
  EXPECT_EQ(run_program(train).code, done);
  write_model("m.h5", 0.05, 1.0);  // the same again
  EXPECT_EQ(run_program(train).code, done);
  write_model("m.h5", 0.5, 1.0);
  expect_refused(train);
  write_model("m.h5", 0.05, 2.0);
  expect_refused(train);
}

TEST_F(Identity, CertifyingGoesOnWithTheSameContentOnly) {
  const std::vector<std::string> certify = {
      "approximate", write_model("a.h5", 0.1, 1.0), "--certify", "-o", path("run.h5"), "--quiet"};
  EXPECT_EQ(run_program(certify).code, done);
  std::vector<std::string> other = certify;
  other[1] = write_model("b.h5", 0.4, 1.0);
  expect_refused(other);
  other[1] = write_model("b.h5", 0.1, 2.0);
  expect_refused(other);
  EXPECT_EQ(run_program(certify).code, done);
}

}  // namespace
}  // namespace skeleta::program
