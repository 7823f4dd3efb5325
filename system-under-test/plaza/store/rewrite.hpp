#pragma once

#include <filesystem>

namespace plaza {

// Writes what a file has over itself, and makes it durable. An fsync that failed leaves bytes in the machine's memory
// that count as written, whatever the disk has: they are read back, no later fsync writes them, and a crash takes them
// (Rebello, Patel, Alagappan, Arpaci-Dusseau, Arpaci-Dusseau: "Can Applications Recover from fsync Failures?", USENIX
// ATC 2020). After this there is no difference. A file that is not there stays so. Throws StoreError.
void rewrite(const std::filesystem::path& file);

}  // namespace plaza
