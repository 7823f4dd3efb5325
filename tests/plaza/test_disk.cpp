#include "tests/plaza/test_disk.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace plaza::test {

// As SQLite sees a file: the real one lies behind it, in the same block of memory.
struct TestFile {
  sqlite3_file base;
  TestDisk* disk;
  char* path;  // SQLite's, which outlives the file; null for a temporary one

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }

  static TestFile& of(sqlite3_file* file) { return *reinterpret_cast<TestFile*>(file); }
  static const sqlite3_io_methods& methods();

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
    TestFile& self = of(file);
    self.disk = static_cast<TestDisk*>(vfs->pAppData);
    self.path = const_cast<char*>(path);
    self.base.pMethods = nullptr;
    const int code = self.disk->real_->xOpen(self.disk->real_, path, self.real(), flags, out_flags);
    if (code == SQLITE_OK) self.base.pMethods = &methods();
    return code;
  }

  static int remove(sqlite3_vfs* vfs, const char* path, int sync_folder) {
    auto& disk = *static_cast<TestDisk*>(vfs->pAppData);
    disk.synced_.erase(path);
    return disk.real_->xDelete(disk.real_, path, sync_folder);
  }

  static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
    TestFile& self = of(file);
    if (const auto error = self.disk->ask(TestDisk::Operation::write)) return *error;
    return self.real()->pMethods->xWrite(self.real(), bytes, size, at);
  }

  static int sync(sqlite3_file* file, int flags) {
    TestFile& self = of(file);
    if (const auto error = self.disk->ask(TestDisk::Operation::sync)) return *error;
    ++self.disk->syncs;
    const int code = self.real()->pMethods->xSync(self.real(), flags);
    if (self.path == nullptr || code != SQLITE_OK) return code;
    std::ifstream in(self.path, std::ios::binary);
    self.disk->synced_[self.path] = std::string(std::istreambuf_iterator<char>(in), {});
    return code;
  }
};

const sqlite3_io_methods& TestFile::methods() {
  static const sqlite3_io_methods methods = [] {
    sqlite3_io_methods m{};
    m.iVersion = 1;  // no shared memory: the store must not need any
    m.xClose = [](sqlite3_file* f) { return of(f).real()->pMethods->xClose(of(f).real()); };
    m.xRead = [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
      return of(f).real()->pMethods->xRead(of(f).real(), to, size, at);
    };
    m.xWrite = write;
    m.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
      return of(f).real()->pMethods->xTruncate(of(f).real(), size);
    };
    m.xSync = sync;
    m.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
      return of(f).real()->pMethods->xFileSize(of(f).real(), size);
    };
    m.xLock = [](sqlite3_file* f, int level) { return of(f).real()->pMethods->xLock(of(f).real(), level); };
    m.xUnlock = [](sqlite3_file* f, int level) { return of(f).real()->pMethods->xUnlock(of(f).real(), level); };
    m.xCheckReservedLock = [](sqlite3_file* f, int* is) {
      return of(f).real()->pMethods->xCheckReservedLock(of(f).real(), is);
    };
    m.xFileControl = [](sqlite3_file* f, int operation, void* argument) {
      return of(f).real()->pMethods->xFileControl(of(f).real(), operation, argument);
    };
    m.xSectorSize = [](sqlite3_file* f) { return of(f).real()->pMethods->xSectorSize(of(f).real()); };
    m.xDeviceCharacteristics = [](sqlite3_file* f) {
      return of(f).real()->pMethods->xDeviceCharacteristics(of(f).real());
    };
    return m;
  }();
  return methods;
}

TestDisk::TestDisk() : real_(sqlite3_vfs_find(nullptr)) {
  vfs_ = *real_;
  vfs_.zName = "test-disk";
  vfs_.pNext = nullptr;
  vfs_.pAppData = this;
  vfs_.szOsFile = static_cast<int>(sizeof(TestFile)) + real_->szOsFile;
  vfs_.xOpen = TestFile::open;
  vfs_.xDelete = TestFile::remove;
  sqlite3_vfs_register(&vfs_, 1);
}

TestDisk::~TestDisk() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(real_, 1);
}

std::optional<int> TestDisk::ask(Operation operation) {
  ++operations;
  return fail ? fail(operation, operations) : std::nullopt;
}

void TestDisk::lose_power(const std::filesystem::path& folder, const std::filesystem::path& into) const {
  for (const auto& [name, bytes] : synced_) {
    const std::filesystem::path path(name);
    if (path.parent_path() == folder) std::ofstream(into / path.filename(), std::ios::binary) << bytes;
  }
}

}  // namespace plaza::test
