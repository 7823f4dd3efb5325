#include "sim-core/kernel/descriptor_table.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace stillpoint::kernel {

void DescriptorTable::set_limit(int limit) {
  own_limit_ = limit;
  limit_ = std::min(own_limit_, outer_limit_);
}

void DescriptorTable::limit_from_outside(int limit, std::function<void(int error)> refused) {
  outer_limit_ = limit;
  limit_ = std::min(own_limit_, outer_limit_);
  refused_ = std::move(refused);
}

void DescriptorTable::lift_limit_from_outside() { limit_from_outside(INT_MAX, nullptr); }

bool DescriptorTable::refuse(int number, int error) const {
  if (refused_ != nullptr && number < own_limit_) refused_(error);
  return false;
}

void DescriptorTable::put(int number, File* file, OnExec on_exec) {
  const auto index = static_cast<std::size_t>(number);
  if (index >= files_.size()) {
    files_.resize(index + 1);
    on_exec_.resize(index + 1);
  }
  files_[index] = file;
  on_exec_[index] = on_exec;
  file->add_reference();
}

int DescriptorTable::free_from(int lowest) const {
  int number = std::max(lowest, lowest_free_);
  while (find(number) != nullptr) ++number;
  return number;
}

Result<int> DescriptorTable::place(File* file, int lowest, OnExec on_exec) {
  const int number = free_from(lowest);
  if (!has_room_for(number, EMFILE)) return Failure{EMFILE};
  put(number, file, on_exec);
  if (lowest <= lowest_free_) lowest_free_ = number + 1;
  return number;
}

Result<int> DescriptorTable::add(std::unique_ptr<File> file, OnExec on_exec) {
  const Result<int> number = place(file.get(), 0, on_exec);
  if (number) {
    file.release();
  } else {
    file->on_close();
  }
  return number;
}

Result<int> DescriptorTable::duplicate(int descriptor, int lowest, OnExec on_exec) {
  File* file = find(descriptor);
  if (file == nullptr) return Failure{EBADF};
  if (lowest < 0 || !has_room_for(lowest, EINVAL)) return Failure{EINVAL};
  return place(file, lowest, on_exec);
}

Result<int> DescriptorTable::duplicate_to(int descriptor, int target, OnExec on_exec) {
  File* file = find(descriptor);
  if (file == nullptr || target < 0 || !has_room_for(target, EBADF)) return Failure{EBADF};
  File* former = find(target);
  put(target, file, on_exec);
  if (former != nullptr) {
    former->descriptor_closed();
    former->drop_reference();
  }
  return target;
}

Status DescriptorTable::close(int descriptor) {
  File* file = find(descriptor);
  if (file == nullptr) return Failure{EBADF};
  files_[static_cast<std::size_t>(descriptor)] = nullptr;
  lowest_free_ = std::min(lowest_free_, descriptor);
  file->descriptor_closed();
  file->drop_reference();
  return Done{};
}

void DescriptorTable::close_all() {
  for (std::size_t number = 0; number < files_.size(); ++number) {
    if (files_[number] != nullptr) SP_ASSERT(close(static_cast<int>(number)));
  }
}

std::vector<File*> DescriptorTable::abandon() {
  lowest_free_ = 0;
  on_exec_.clear();
  return std::exchange(files_, {});
}

std::vector<File*> DescriptorTable::held_elsewhere() const {
  std::map<const File*, int> descriptors_of;  // looked up only
  for (const File* file : files_) ++descriptors_of[file];
  descriptors_of.erase(nullptr);
  std::vector<File*> held;
  for (File* file : files_) {
    const auto found = descriptors_of.find(file);
    if (found == descriptors_of.end()) continue;  // none, or seen before
    if (file->references() > found->second) held.push_back(file);
    descriptors_of.erase(found);
  }
  return held;
}

int DescriptorTable::count() const {
  return static_cast<int>(std::ranges::count_if(files_, [](const File* file) { return file != nullptr; }));
}

}  // namespace stillpoint::kernel
