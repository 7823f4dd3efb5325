#include "sim-core/kernel/descriptor_table.hpp"

namespace stillpoint::kernel {

Result<int> DescriptorTable::place(File* file, int lowest) {
  int number = std::max(lowest, lowest_free_);
  while (find(number) != nullptr) ++number;
  if (number >= limit_) return Failure{EMFILE};
  if (static_cast<std::size_t>(number) >= files_.size()) files_.resize(static_cast<std::size_t>(number) + 1);
  files_[static_cast<std::size_t>(number)] = file;
  file->add_reference();
  if (lowest <= lowest_free_) lowest_free_ = number + 1;
  return number;
}

Result<int> DescriptorTable::add(std::unique_ptr<File> file) {
  const Result<int> number = place(file.get(), kFirst);
  if (number) {
    file.release();
  } else {
    file->on_close();
  }
  return number;
}

Result<int> DescriptorTable::duplicate(int descriptor, int lowest) {
  File* file = find(descriptor);
  if (file == nullptr) return Failure{EBADF};
  if (lowest < 0 || lowest >= limit_) return Failure{EINVAL};
  return place(file, std::max(lowest, kFirst));
}

Status DescriptorTable::close(int descriptor) {
  File* file = find(descriptor);
  if (file == nullptr) return Failure{EBADF};
  files_[static_cast<std::size_t>(descriptor)] = nullptr;
  lowest_free_ = std::min(lowest_free_, descriptor);
  file->drop_reference();
  return Done{};
}

void DescriptorTable::close_all() {
  for (std::size_t number = 0; number < files_.size(); ++number) {
    if (files_[number] != nullptr) SP_ASSERT(close(static_cast<int>(number)));
  }
}

}  // namespace stillpoint::kernel
