"""Makes the wheel: CMake compiles the module.

SKELETA_BUILD names a build directory that is configured with SKELETA_PYTHON=ON, to be used instead of one
from nothing.
"""

import os
import pathlib
import shutil
import subprocess
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent


class CMakeBuild(build_ext):
    def build_extension(self, extension):
        build = os.environ.get("SKELETA_BUILD")
        if build is None:
            build = pathlib.Path(self.build_temp).resolve()
            subprocess.run(["cmake", "-S", SOURCE, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                            "-DCMAKE_CXX_FLAGS_RELEASE=-O2 -DNDEBUG", "-DSKELETA_PYTHON=ON", "-DSKELETA_TESTS=OFF",
                            "-DSKELETA_UNITY=ON", f"-DPython_EXECUTABLE={sys.executable}"], check=True)
        subprocess.run(["cmake", "--build", build, "--target", "skeleta_python"], check=True)
        [module] = pathlib.Path(build, "python", "skeleta").glob("_core.*.so")
        target = pathlib.Path(self.get_ext_fullpath(extension.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(module, target)
        if not self.debug:
            subprocess.run(["strip", "--strip-unneeded", target], check=True)


setup(
    packages=["skeleta", "skeleta_analysis"],
    package_dir={"skeleta": "skeleta", "skeleta_analysis": "../../analysis/python/skeleta_analysis"},
    package_data={"skeleta": ["py.typed", "*.pyi"]},
    ext_modules=[Extension("skeleta._core", [])],
    cmdclass={"build_ext": CMakeBuild},
    zip_safe=False,
)
