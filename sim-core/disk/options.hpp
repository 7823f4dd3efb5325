#pragma once
// What a host's disk is like is for scenarios to say; here it has these names.
#include <stillpoint/disk.hpp>

namespace stillpoint::disk {

using Ordering = DiskOrdering;
using stillpoint::DiskOptions;

}  // namespace stillpoint::disk
