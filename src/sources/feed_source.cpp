#include "sources/feed_source.h"

namespace weir {
namespace {

class FeedSource final : public Source {
 public:
  explicit FeedSource(std::unique_ptr<Feed> feed) : feed_(std::move(feed)) {}

  bool claim(SourceItem& item) override {
    FeedItem next;
    if (!feed_->claim(next)) return false;
    item.block = std::move(next.block);
    item.batch.reset();
    item.error = std::move(next.error);
    return true;
  }
  void stop() override { feed_->stop(); }
  uint64_t bytes_done() const override { return feed_->bytes_done(); }
  uint64_t bytes_total() const override { return feed_->bytes_total(); }

 private:
  std::unique_ptr<Feed> feed_;
};

}  // namespace

std::unique_ptr<Source> make_feed_source(std::unique_ptr<Feed> feed) {
  return std::make_unique<FeedSource>(std::move(feed));
}

}  // namespace weir
