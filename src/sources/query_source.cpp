#include "sources/query_source.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/spelling.h"
#include "data/text.h"
#include "formats/field_parser.h"

namespace weir {
namespace {

struct QueryColumn {
  std::string name;
  Type type;
  std::string format;  // of a time
  size_t from = 0;     // the query's column
};

// Cells of one column into values.
class CellReader {
 public:
  CellReader(QueryColumn column, FieldParser parser)
      : column_(std::move(column)), parser_(std::move(parser)) {}

  const QueryColumn& column() const { return column_; }

  // False, and nothing appended, when it is not such a value; `complaint` says why.
  bool append(const QueryCell& cell, Column& to, Arena& arena, std::string& complaint) {
    const TypeId type = column_.type.id;
    switch (cell.kind) {
      case QueryCell::Kind::kNull: to.push_null(); return true;
      case QueryCell::Kind::kInteger:
        if (type == TypeId::kBigInt) {
          to.push<int64_t>(cell.integer);
          return true;
        }
        scratch_.clear();
        append_integer(scratch_, cell.integer);
        break;
      case QueryCell::Kind::kReal:
        if (type == TypeId::kDouble) {
          to.push<double>(cell.real);
          return true;
        }
        scratch_.clear();
        append_double(scratch_, cell.real);
        break;
      case QueryCell::Kind::kText:
      case QueryCell::Kind::kBytes:
        if (column_.type.is_string_like()) {
          to.push<StringRef>(StringRef(arena.copy(cell.text)));
          return true;
        }
        if (parser_.append(cell.text, to)) return true;
        complaint = parser_.complaint(cell.text);
        return false;
    }
    if (column_.type.is_string_like()) {
      to.push<StringRef>(StringRef(arena.copy(scratch_)));
      return true;
    }
    if (parser_.append(scratch_, to)) return true;
    complaint = parser_.complaint(scratch_);
    return false;
  }

 private:
  QueryColumn column_;
  FieldParser parser_;
  std::string scratch_;
};

class QuerySource final : public Source {
 public:
  QuerySource(std::unique_ptr<QueryRows> rows, std::vector<CellReader> readers, size_t batch_rows,
              uint32_t source)
      : rows_(std::move(rows)),
        readers_(std::move(readers)),
        batch_rows_(batch_rows),
        source_(source),
        cells_(rows_->columns().size()) {}

  bool claim(SourceItem& item) override {
    const std::lock_guard lock(mutex_);
    if (stopped_ || ended_) return false;
    item.block = Block{};
    item.block.sequence = sequence_;
    item.error.reset();
    Batch batch;
    batch.sequence = sequence_++;
    for (const auto& reader : readers_) batch.columns.push_back(make_column(reader.column().type));
    const uint64_t begin = row_;
    while (batch.records < batch_rows_) {
      auto next = rows_->next(cells_);
      if (stopped_) return false;
      if (!next) {
        item.error = std::move(next.error());
        ended_ = true;
        break;
      }
      if (!*next) {
        ended_ = true;
        break;
      }
      take_row(batch);
    }
    if (batch.records == 0 && !item.error) return false;
    batch.origin = {source_, 0, begin, row_};
    item.batch = std::move(batch);
    return true;
  }
  void stop() override {
    stopped_ = true;
    rows_->interrupt();
  }

 private:
  void take_row(Batch& batch) {
    ++batch.records;
    const uint64_t number = row_++;
    std::string complaint;
    for (size_t c = 0; c < readers_.size(); ++c) {
      if (readers_[c].append(cells_[readers_[c].column().from], *batch.columns[c], batch.arena(),
                             complaint))
        continue;
      Reject reject;
      reject.offset = number;
      reject.row = static_cast<uint32_t>(batch.rows);
      reject.field = readers_[c].column().name;
      reject.reason = std::move(complaint);
      batch.rejects.push_back(std::move(reject));
      for (size_t k = 0; k < c; ++k) batch.columns[k]->resize(batch.rows);
      return;
    }
    ++batch.rows;
  }

  std::mutex mutex_;
  std::unique_ptr<QueryRows> rows_;
  std::vector<CellReader> readers_;
  const size_t batch_rows_;
  const uint32_t source_;
  std::vector<QueryCell> cells_;
  uint64_t sequence_ = 0;
  uint64_t row_ = 0;
  bool ended_ = false;
  std::atomic<bool> stopped_{false};
};

class QueryPlan final : public SourcePlan {
 public:
  QueryPlan(std::string explain, QueryStart start, std::vector<QueryColumn> columns,
            const TimeZone* zone, int64_t now_us)
      : explain_(std::move(explain)),
        start_(std::move(start)),
        columns_(std::move(columns)),
        zone_(zone),
        now_us_(now_us) {
    for (const auto& column : columns_) schema_.add(column.name, column.type);
  }

  const Schema& schema() const override { return schema_; }
  bool bounded() const override { return true; }
  const Format* format() const override { return nullptr; }
  std::string explain() const override { return explain_; }
  std::string partition_name(uint32_t) const override { return explain_; }

  Result<std::unique_ptr<Source>> open(const FeedOptions& options) const override {
    auto rows = start_();
    if (!rows) return fail(rows.error());
    std::vector<CellReader> readers;
    for (const auto& column : columns_) {
      QueryColumn found = column;
      const auto from = (*rows)->columns().find(column.name);
      if (!from)
        return fail(ErrorKind::kConfig, explain_ + ": the query gives no column " + column.name);
      found.from = *from;
      auto parser = FieldParser::make(parsed_type(column.type), column.format, zone_, now_us_);
      if (!parser) return fail(parser.error());
      readers.emplace_back(std::move(found), std::move(*parser));
    }
    const size_t batch_rows = std::clamp<size_t>(options.block_bytes / 64, 1, 4096);
    return std::make_unique<QuerySource>(std::move(*rows), std::move(readers), batch_rows,
                                         options.source);
  }

 private:
  // Bytes are taken as they are and never parsed.
  static Type parsed_type(const Type& type) {
    return type.is_string_like() ? Type::string() : type;
  }

  std::string explain_;
  QueryStart start_;
  std::vector<QueryColumn> columns_;
  Schema schema_;
  const TimeZone* zone_;
  int64_t now_us_;
};

}  // namespace

std::unique_ptr<SourcePlan> bind_query(std::string explain, QueryStart start,
                                       const SourceSpec& spec, const SourceContext& context,
                                       Errors& errors) {
  const size_t before = errors.size();
  const FormatContext format_context{spec.schema, context.zone, context.now_us, false};
  const auto declared = declared_columns(format_context, errors);
  if (errors.size() > before) return nullptr;
  std::vector<QueryColumn> columns;
  if (!context.sample) {
    for (const auto& column : declared)
      columns.push_back({column.name, column.type, column.format});
  } else {
    auto rows = start();
    if (!rows) {
      Error error = rows.error();
      if (error.position.line == 0) error.position = spec.position;
      errors.push_back(std::move(error));
      return nullptr;
    }
    for (const auto& column : (*rows)->columns()) columns.push_back({column.name, column.type, {}});
    for (size_t i = 0; i < declared.size(); ++i) {
      const auto found = std::find_if(columns.begin(), columns.end(),
                                      [&](const auto& c) { return c.name == declared[i].name; });
      if (found == columns.end()) {
        errors.push_back({ErrorKind::kConfig,
                          "the query gives no column `" + declared[i].name + "`",
                          spec.schema[i].position,
                          spelling_hint(declared[i].name, (*rows)->columns().names()),
                          {}});
      } else {
        found->type = declared[i].type;
        found->format = declared[i].format;
      }
    }
  }
  if (errors.size() > before) return nullptr;
  return std::make_unique<QueryPlan>(std::move(explain), std::move(start), std::move(columns),
                                     context.zone, context.now_us);
}

std::vector<OptionDoc> query_source_docs(std::vector<OptionDoc> own) {
  own.push_back({"schema",
                 "table",
                 "",
                 "types of columns, where the database's own are not meant",
                 false,
                 {}});
  own.push_back({"event_time",
                 "table",
                 "",
                 "the column that holds the time, and how late records may be",
                 false,
                 {}});
  return own;
}

}  // namespace weir
