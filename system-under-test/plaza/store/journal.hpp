// The journal: gathers what the box office decides into batches, and holds back the news until a batch is in the store.
//
// A batch is what comes within `commit_delay` of its first record, and then one transaction, one wait for the disk. The
// event loop stands still meanwhile; requests that come pile up in the sockets and make the next batch.
//
// Where the store cannot write:
//   - For want of space, or because somebody has a lock: the batch is kept and tried again every `retry_interval`.
//   Until
//     then is_available() is false, and whoever waits is told that it is not kept: it may be so yet, so he must ask
//     again.
//   - For any other reason the journal is at its end: nobody is told anything any more, and `on_lost` is called, after
//     which the process had better start again from what the disk has. A second fsync after one that failed says
//     nothing about the first.
//
// Belongs to one box office and is used on its executor only. Callbacks may append.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "system-under-test/plaza/bugs.hpp"
#include "system-under-test/plaza/store/store.hpp"

namespace plaza {

struct JournalConfig {
  Duration commit_delay = std::chrono::milliseconds(1);
  Duration retry_interval = std::chrono::milliseconds(100);
};

class Journal : public std::enable_shared_from_this<Journal> {
 public:
  struct Callbacks {
    // A batch of so many records has become durable.
    std::function<void(std::size_t records)> on_committed;
    // At its end, and why. Called once.
    std::function<void(const std::string& why)> on_lost;
  };
  // Answers whether all that was appended before when_kept() is durable.
  using Waiter = std::function<void(bool is_kept)>;

  Journal(const boost::asio::any_io_executor& executor, std::unique_ptr<Store> store, const JournalConfig& config,
          const Bugs& bugs, Callbacks callbacks);

  void append(Record record);

  // Calls back once all that was appended so far is durable, at once if it is; or as soon as it is known that it is
  // not.
  void when_kept(Waiter waiter);

  // Whether the last batch could be written. While it could not, more should not be decided.
  bool is_available() const { return available_; }

  // Writes what there is, now, and does not try again: the event loop shall run out of work. What is appended later is
  // still written.
  void stop();

  // Closes the store without writing what there is, and forgets who waits.
  void abandon();

 private:
  void arm(Duration delay);
  void commit();
  void on_failed(const StoreError& error);
  void tell_all(bool is_kept);

  std::unique_ptr<Store> store_;  // null at its end
  JournalConfig config_;
  Bugs bugs_;
  Callbacks callbacks_;
  std::vector<Record> batch_;
  std::vector<Waiter> waiters_;
  boost::asio::steady_timer timer_;
  bool armed_ = false;
  bool available_ = true;
  bool stopped_ = false;
};

}  // namespace plaza
