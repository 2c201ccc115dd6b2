#include "sinks/partition_path.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/spelling.h"
#include "data/text.h"
#include "io/folder_name.h"

namespace weir {
namespace {

constexpr std::string_view kTimeFields = "YmdHMSj";

}  // namespace

bool PartitionPath::is_pattern(std::string_view path) {
  return path.find_first_of("%{") != std::string_view::npos;
}

Result<PartitionPath> PartitionPath::parse(std::string_view pattern, const Schema& schema,
                                           const TimeZone* zone) {
  PartitionPath path;
  path.zone_ = zone;
  std::string text;
  const auto end_text = [&] {
    if (!text.empty()) path.parts_.push_back({Part::Kind::kText, text, 0, 0});
    text.clear();
  };
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    const char next = i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    if (c == '%' && next == '%') {
      text += '%';
      ++i;
    } else if (c == '%') {
      if (kTimeFields.find(next) == std::string_view::npos)
        return fail(ErrorKind::kConfig,
                    fmt::format("no part of a time is `%{}`", next == '\0' ? ' ' : next),
                    "known: %Y %m %d %H %M %S %j; %% is a percent sign");
      end_text();
      path.parts_.push_back({Part::Kind::kTime, {}, next, 0});
      path.uses_time_ = true;
      ++i;
    } else if (c == '{') {
      const size_t close = pattern.find('}', i);
      if (close == std::string_view::npos)
        return fail(ErrorKind::kConfig, "a `{` without its `}`", "{NAME} is the text of a column");
      const std::string name(pattern.substr(i + 1, close - i - 1));
      const auto column = schema.find(name);
      if (!column)
        return fail(ErrorKind::kConfig, "no column `" + name + "`",
                    spelling_hint(name, schema.names()));
      end_text();
      path.parts_.push_back({Part::Kind::kColumn, name, 0, *column});
      i = close;
    } else {
      text += c;
    }
  }
  end_text();
  if (!path.parts_.empty() && path.parts_[0].kind == Part::Kind::kText) {
    const std::string& first = path.parts_[0].text;
    const size_t slash = first.rfind('/');
    if (slash != std::string::npos) path.base_ = first.substr(0, slash == 0 ? 1 : slash);
  }
  for (const Part& part : path.parts_)
    path.depth_ += static_cast<int>(std::count(part.text.begin(), part.text.end(), '/'));
  path.depth_ -= static_cast<int>(std::count(path.base_.begin(), path.base_.end(), '/')) +
                 (path.base_.empty() || path.base_ == "/" ? 0 : 1);
  return path;
}

void PartitionPath::expand(const Batch& batch, size_t row, std::string& out) {
  out.clear();
  std::optional<int64_t> time;
  if (uses_time_) {
    const Column& column = *batch.columns[time_column_];
    if (!column.is_null(row)) {
      time = column.at<int64_t>(row);
      if (time_type_.in_nanos()) time = floor_div(*time, 1000);
      if (time_type_.id == TypeId::kTimestampLtz) time = zone_->to_local(*time);
    }
  }
  std::string value;
  for (const Part& part : parts_) {
    switch (part.kind) {
      case Part::Kind::kText: out += part.text; break;
      case Part::Kind::kTime:
        if (time) {
          append_time(part.field, *time, out);
        } else {
          out += kNullFolder;
        }
        break;
      case Part::Kind::kColumn: {
        const Column& column = *batch.columns[part.column];
        if (column.is_null(row)) {
          out += kNullFolder;
          break;
        }
        value.clear();
        append_text(value, column, row);
        out += folder_name(value);
        break;
      }
    }
  }
}

void PartitionPath::append_time(char field, int64_t local_us, std::string& out) const {
  const int64_t days = floor_div(local_us, kMicrosPerDay);
  const int64_t second = floor_mod(local_us, kMicrosPerDay) / kMicrosPerSecond;
  const CivilDate date = civil_from_days(days);
  switch (field) {
    case 'Y': out += fmt::format("{:04}", date.year); break;
    case 'm': out += fmt::format("{:02}", date.month); break;
    case 'd': out += fmt::format("{:02}", date.day); break;
    case 'H': out += fmt::format("{:02}", second / 3600); break;
    case 'M': out += fmt::format("{:02}", second / 60 % 60); break;
    case 'S': out += fmt::format("{:02}", second % 60); break;
    default: out += fmt::format("{:03}", days - days_from_civil(date.year, 1, 1) + 1); break;
  }
}

}  // namespace weir
