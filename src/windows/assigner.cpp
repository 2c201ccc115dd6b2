#include "windows/assigner.h"

namespace weir {

namespace {

class TumblingAssigner final : public WindowAssigner {
 public:
  TumblingAssigner(int64_t size, int64_t offset) : size_(size), offset_(offset) {}
  void assign(int64_t time, int64_t, Vec<WindowBounds>& windows) const override {
    const int64_t start = window_start(time, offset_, size_);
    windows.push_back({start, saturating_add(start, size_)});
  }

 private:
  int64_t size_;
  int64_t offset_;
};

class SlidingAssigner final : public WindowAssigner {
 public:
  SlidingAssigner(int64_t size, int64_t slide, int64_t offset)
      : size_(size), slide_(slide), offset_(offset) {}
  void assign(int64_t time, int64_t, Vec<WindowBounds>& windows) const override {
    const int64_t last = window_start(time, offset_, slide_);
    // Starts lie in (time - size, last].
    const int64_t room = last - (time - size_) - 1;
    if (room < 0) return;
    for (int64_t start = last - room / slide_ * slide_; start <= last; start += slide_)
      windows.push_back({start, start + size_});
  }

 private:
  int64_t size_;
  int64_t slide_;
  int64_t offset_;
};

class CumulateAssigner final : public WindowAssigner {
 public:
  CumulateAssigner(int64_t size, int64_t step, int64_t offset)
      : size_(size), step_(step), offset_(offset) {}
  void assign(int64_t time, int64_t, Vec<WindowBounds>& windows) const override {
    const int64_t start = window_start(time, offset_, size_);
    const int64_t first = start + ((time - start) / step_ + 1) * step_;
    for (int64_t end = first; end <= start + size_; end += step_) windows.push_back({start, end});
  }

 private:
  int64_t size_;
  int64_t step_;
  int64_t offset_;
};

class SessionAssigner final : public WindowAssigner {
 public:
  void assign(int64_t time, int64_t gap_us, Vec<WindowBounds>& windows) const override {
    windows.push_back({time, saturating_add(time, gap_us)});
  }
  bool merges() const override { return true; }
};

class GlobalAssigner final : public WindowAssigner {
 public:
  void assign(int64_t, int64_t, Vec<WindowBounds>& windows) const override {
    windows.push_back({kMinTime, kMaxTime});
  }
  bool is_global() const override { return true; }
};

}  // namespace

std::unique_ptr<WindowAssigner> make_tumbling_assigner(int64_t size_us, int64_t offset_us) {
  return std::make_unique<TumblingAssigner>(size_us, offset_us);
}

std::unique_ptr<WindowAssigner> make_sliding_assigner(int64_t size_us, int64_t slide_us,
                                                      int64_t offset_us) {
  return std::make_unique<SlidingAssigner>(size_us, slide_us, offset_us);
}

std::unique_ptr<WindowAssigner> make_cumulate_assigner(int64_t size_us, int64_t step_us,
                                                       int64_t offset_us) {
  return std::make_unique<CumulateAssigner>(size_us, step_us, offset_us);
}

std::unique_ptr<WindowAssigner> make_session_assigner() {
  return std::make_unique<SessionAssigner>();
}

std::unique_ptr<WindowAssigner> make_global_assigner() {
  return std::make_unique<GlobalAssigner>();
}

}  // namespace weir
