#include "run/encoding_queue.h"

#include <utility>

namespace weir {

namespace {

constexpr size_t kMostBytes = size_t{1} << 20;
constexpr size_t kTextBytes = size_t{1} << 20;  // kept for the next text

size_t bytes_of(const Column& column) {
  size_t bytes = column.memory_bytes();
  if (column.type().is_string_like()) {
    const auto* const values = column.values<StringRef>();
    const size_t n = column.is_constant() ? 1 : column.size();
    for (size_t i = 0; i < n; ++i) bytes += column.is_null(i) ? 0 : values[i].len;
  }
  for (const auto& child : column.children()) bytes += bytes_of(*child);
  return bytes;
}

size_t bytes_of(const Batch& batch) {
  size_t bytes = batch.origin.end - batch.origin.begin;  // of the block that it keeps
  for (const auto& column : batch.columns)
    if (column) bytes += bytes_of(*column);
  return bytes;
}

}  // namespace

void EncodingQueue::start(size_t room, std::function<void()> wake) {
  jobs_.resize(room);
  wake_ = std::move(wake);
}

Result<void> EncodingQueue::stop() {
  auto done = finish();
  jobs_.clear();
  wake_ = nullptr;
  return done;
}

Result<void> EncodingQueue::outcome() {
  if (thrown_) {  // told once
    if (!failure_) failure_ = Error{ErrorKind::kInternal, "rows could not be encoded", {}, {}, {}};
    std::rethrow_exception(std::exchange(thrown_, nullptr));
  }
  return failure_ ? fail(*failure_) : Result<void>{};
}

Result<bool> EncodingQueue::add(Output& output, Batch& batch) {
  const size_t bytes = bytes_of(batch);
  if (bytes > kMostBytes) return false;
  {
    Lock lock(mutex_);
    while (added_ - written_ == jobs_.size() || (bytes_ > 0 && bytes_ + bytes > kMostBytes))
      help_or_wait(lock);
    if (has_failed()) return fail(outcome().error());
    encoders_[&output].reserve(jobs_.size());
    Job& next = job(added_++);
    next.output = &output;
    next.batch = std::move(batch);
    next.bytes = bytes;
    bytes_ += bytes;
  }
  wake_();
  return true;
}

bool EncodingQueue::is_empty() const {
  const Lock lock(mutex_);
  return added_ == written_;
}

void EncodingQueue::wait() {
  Lock lock(mutex_);
  while (written_ < added_) help_or_wait(lock);
}

Result<void> EncodingQueue::finish() {
  wait();
  const Lock lock(mutex_);
  return outcome();
}

void EncodingQueue::help() {
  Lock lock(mutex_);
  if (taken_ < added_) do_oldest(lock);
}

void EncodingQueue::help_or_wait(Lock& lock) {
  if (taken_ < added_) {
    do_oldest(lock);
  } else {
    const uint64_t before = written_;
    written_more_.wait(lock, [&] { return written_ > before; });
  }
}

void EncodingQueue::do_oldest(Lock& lock) {
  Job& mine = job(taken_++);
  if (!has_failed()) encode(mine, lock);
  mine.is_encoded = true;
  if (!writing_) write_ready(lock);  // else the writer finds it
}

void EncodingQueue::encode(Job& job, Lock& lock) {
  auto& resting = encoders_.find(job.output)->second;  // which has room for all
  std::unique_ptr<Encoder> encoder;
  if (!resting.empty()) {
    encoder = std::move(resting.back());
    resting.pop_back();
  }
  std::exception_ptr thrown;
  lock.unlock();
  try {
    if (!encoder) encoder = job.output->make_encoder();
    encoder->encode(job.batch, job.text);
    job.batch.columns.clear();
    job.batch.owners.clear();
  } catch (...) {
    thrown = std::current_exception();
  }
  lock.lock();
  if (encoder) resting.push_back(std::move(encoder));
  if (thrown && !thrown_) thrown_ = thrown;
}

void EncodingQueue::write_ready(Lock& lock) {
  writing_ = true;
  while (written_ < taken_ && job(written_).is_encoded) {
    Job& next = job(written_);
    Result<void> done;
    std::exception_ptr thrown;
    const bool failed = has_failed();
    lock.unlock();
    try {
      if (!failed) done = next.output->write_text(next.batch, next.text);
    } catch (...) {
      thrown = std::current_exception();
    }
    next.batch = Batch{};
    next.text.clear();
    if (next.text.capacity() > kTextBytes) next.text.shrink_to_fit();
    lock.lock();
    bytes_ -= next.bytes;
    if (!done && !failure_) failure_ = std::move(done.error());
    if (thrown && !thrown_) thrown_ = thrown;
    next.is_encoded = false;
    ++written_;
    written_more_.notify_all();
  }
  writing_ = false;
}

}  // namespace weir
