#pragma once
// What a file system asks of the machine around it, for tests: time that passes when a test says so, and numbers for
// events.
#include "sim-core/disk/file_system.hpp"

namespace stillpoint::test {

class DiskMachine final : public disk::Machine {
 public:
  VirtualTime time;

  VirtualTime now() const override { return time; }
  disk::WallTime wall_time() const override { return to_ns(time); }
  EventId wrote(const disk::Inode&, std::uint64_t, std::span<const std::byte>) override { return ++events_; }
  EventId resized(const disk::Inode&, std::uint64_t) override { return ++events_; }
  EventId renamed(disk::NameChange, const disk::Inode&, const disk::Inode&, std::string_view, const disk::Inode*,
                  std::string_view) override {
    return ++events_;
  }
  EventId changed_mode(const disk::Inode&) override { return ++events_; }
  EventId synced(const disk::Inode*, std::uint64_t, Synced) override { return ++events_; }
  void placed(const disk::Inode&, const disk::Inode&, std::string_view) override {}
  void note_detail(disk::Detail, const disk::Inode&, std::uint64_t, std::uint64_t) override {}
  EventId events() const { return events_; }

 private:
  EventId events_ = 0;
};

}  // namespace stillpoint::test
