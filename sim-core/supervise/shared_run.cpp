#include "sim-core/supervise/shared_run.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include <stillpoint/error.hpp>

namespace stillpoint::supervise {
namespace {

constexpr std::size_t kHeaderSize = 64 * 1024;
static_assert(sizeof(SharedHeader) <= kHeaderSize);
constexpr std::size_t kRingOffset = kHeaderSize + SharedRun::kRequestCapacity + SharedRun::kReportCapacity;
constexpr std::size_t kFileSize = kRingOffset + SharedRun::kRingCapacity;
constexpr std::size_t kMappedSize = kFileSize + SharedRun::kRingCapacity;

[[noreturn]] void fail(const char* what) {
  throw Error(fmt::format("cannot share memory with a simulation: {}: {}", what, std::strerror(errno)));
}

std::byte* map_all(int fd) {
  void* base = mmap(nullptr, kMappedSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) fail("mmap");
  auto* bytes = static_cast<std::byte*>(base);
  const int access = PROT_READ | PROT_WRITE;
  if (mmap(bytes, kFileSize, access, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED) fail("mmap");
  if (mmap(bytes + kFileSize, SharedRun::kRingCapacity, access, MAP_SHARED | MAP_FIXED, fd, kRingOffset) == MAP_FAILED)
    fail("mmap");
  return bytes;
}

}  // namespace

SharedRun SharedRun::create() {
  const int fd = memfd_create("stillpoint-run", MFD_CLOEXEC);
  if (fd < 0) fail("memfd_create");
  if (ftruncate(fd, static_cast<off_t>(kFileSize)) != 0) fail("ftruncate");
  return {fd, map_all(fd), true};
}

SharedRun SharedRun::map(int fd) { return {fd, map_all(fd), false}; }

SharedRun::SharedRun(SharedRun&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      base_(std::exchange(other.base_, nullptr)),
      owned_(std::exchange(other.owned_, false)) {}

SharedRun::~SharedRun() {
  if (base_ != nullptr) munmap(base_, kMappedSize);
  if (owned_) close(fd_);
}

std::byte* SharedRun::ring() const { return base_ + kRingOffset; }
char* SharedRun::request_text() const { return reinterpret_cast<char*>(base_ + kHeaderSize); }
char* SharedRun::report_text() const { return request_text() + kRequestCapacity; }

void SharedRun::prepare(std::string_view request) {
  if (request.size() > kRequestCapacity) {
    throw Error(fmt::format("the scenario and its overrides are too large ({} bytes; at most {})", request.size(),
                            kRequestCapacity));
  }
  initialize(header().stream, kRingCapacity);
  std::memcpy(request_text(), request.data(), request.size());
  header().request_size = static_cast<std::uint32_t>(request.size());
  header().report_size = 0;
  header().memory_most = 0;
  header().output_most = 0;
  DeathNote& note = header().death_note;
  note.module_count = 0;
  note.signal = 0;
  note.of_program = note.stack_overflow = false;
  note.host[0] = note.role[0] = '\0';
  note.fault = 0;
  note.frame_count = 0;
}

std::string_view SharedRun::request() const { return {request_text(), header().request_size}; }

void SharedRun::set_report(std::string_view report) {
  const std::size_t size = std::min(report.size(), kReportCapacity);
  std::memcpy(report_text(), report.data(), size);
  header().report_size.store(static_cast<std::uint32_t>(size), std::memory_order_release);
}

std::string_view SharedRun::report() const {
  return {report_text(), header().report_size.load(std::memory_order_acquire)};
}

}  // namespace stillpoint::supervise
