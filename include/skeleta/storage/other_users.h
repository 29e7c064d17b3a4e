#pragma once

#include <functional>
#include <memory>

namespace skeleta::storage {

/// For processes in which others than this library use HDF5, in other threads. Files are read in a
/// fork: one that happens within a call of HDF5 finds its lock locked for ever, and while it lives,
/// files that others close stay locked. `keep_out` is called before a fork, on the thread that
/// forks, and what it returned is dropped when the fork has ended: meanwhile others must be out of
/// HDF5. To be set at most once, before files are read; empty: there are no others.
void keep_out_of_hdf5(std::function<std::shared_ptr<void>()> keep_out);

}  // namespace skeleta::storage
