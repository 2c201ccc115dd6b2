#include "expr/absent_functions.h"

#include <algorithm>
#include <array>
#include <string>

namespace weir {

namespace {

struct AbsentFamily {
  std::array<std::string_view, 12> names;  // one that ends in '_' stands for all that begin so
  std::string_view reason;                 // behind the function's name
  std::string_view hint;
};

constexpr std::array<AbsentFamily, 6> kAbsentFamilies = {{
    {{"RANK", "DENSE_RANK", "ROW_NUMBER", "PERCENT_RANK", "CUME_DIST", "NTILE", "LAG", "LEAD"},
     "works over the rows around each one, not on one row's values",
     "op = \"over\" does it, in SQL ROW_NUMBER() OVER (PARTITION BY key ORDER BY t) and its like; "
     "op = \"top\" with `rank` numbers the rows of each group"},
    {{"GROUPING", "GROUPING_ID", "GROUP_ID"},
     "belongs to a query with GROUPING SETS, ROLLUP or CUBE",
     {}},
    {{"BITMAP_"},
     "works on BITMAP values, which weir does not have",
     "COUNT(DISTINCT x) and APPROX_COUNT_DISTINCT(x) count distinct values, ARRAY_AGG(DISTINCT x) "
     "keeps them"},
    {{"OBJECT_OF", "OBJECT_UPDATE"},
     "makes objects of Java classes, which weir does not have",
     "ROW(a, b) and MAP['key', value] make values of several parts"},
    {{"CURRENT_DATABASE", "CURRENT_CATALOG"},
     "has nothing to name: there are no databases here",
     {}},
    {{"CURRENT_WATERMARK"},
     "is not in this version: only the steps that keep time know the watermark",
     "a window leaves late records out and counts them by itself"},
}};

struct OtherName {
  std::string_view elsewhere;
  std::string_view here;
};

constexpr std::array kOtherNames = std::to_array<OtherName>({
    {"ANY_VALUE", "FIRST_VALUE(x)"},
    {"ARRAY_LENGTH", "CARDINALITY(a)"},
    {"BOOL", "CAST(x AS BOOLEAN)"},
    {"CHARINDEX", "INSTR(s, part)"},
    {"COUNTIF", "COUNT(*) FILTER (WHERE condition)"},
    {"COUNT_DISTINCT", "COUNT(DISTINCT x)"},
    {"COUNT_IF", "COUNT(*) FILTER (WHERE condition)"},
    {"CURDATE", "CURRENT_DATE"},
    {"DATEADD", "t + INTERVAL '1' DAY, or TIMESTAMPADD(DAY, 1, t)"},
    {"DATEDIFF", "TIMESTAMPDIFF(DAY, from, to)"},
    {"DATE_ADD", "t + INTERVAL '1' DAY, or TIMESTAMPADD(DAY, 1, t)"},
    {"DATE_DIFF", "TIMESTAMPDIFF(DAY, from, to)"},
    {"DATE_PART", "EXTRACT(HOUR FROM t)"},
    {"DATE_SUB", "t - INTERVAL '1' DAY"},
    {"DATE_TRUNC", "FLOOR(t TO HOUR)"},
    {"DOUBLE", "CAST(x AS DOUBLE)"},
    {"ENDS_WITH", "ENDSWITH(s, part)"},
    {"FLOAT", "CAST(x AS DOUBLE)"},
    {"FORMAT", "PRINTF(format, x, ...)"},
    {"FROM_JSON", "JSON_VALUE(s, '$.path'), or op = \"parse\""},
    {"GETDATE", "NOW()"},
    {"GET_JSON_OBJECT", "JSON_VALUE(s, '$.path')"},
    {"GROUP_ARRAY", "ARRAY_AGG(x)"},
    {"GROUP_CONCAT", "LISTAGG(s, ',')"},
    {"GSUB", "REGEXP_REPLACE(s, regex, text)"},
    {"IIF", "IF(condition, then, otherwise)"},
    {"INT", "CAST(x AS INT)"},
    {"INTEGER", "CAST(x AS INT)"},
    {"ISNULL", "x IS NULL, or COALESCE(x, y)"},
    {"JSON_EXTRACT", "JSON_VALUE(s, '$.path') or JSON_QUERY(s, '$.path')"},
    {"LCASE", "LOWER(s)"},
    {"LEN", "CHAR_LENGTH(s)"},
    {"MATCH", "REGEXP(s, regex)"},
    {"NVL", "COALESCE(x, y)"},
    {"POW", "POWER(x, y)"},
    {"QUANTILE", "PERCENTILE(x, 0.95)"},
    {"RANDOM", "RAND()"},
    {"REGEXP_LIKE", "REGEXP(s, regex)"},
    {"REGEXP_MATCHES", "REGEXP(s, regex)"},
    {"SIZE", "CARDINALITY(a)"},
    {"SPLIT_PART", "SPLIT_INDEX(s, delimiter, 0)"},
    {"STARTS_WITH", "STARTSWITH(s, part)"},
    {"STDEV", "STDDEV(CAST(x AS DOUBLE))"},
    {"STRFTIME", "DATE_FORMAT(t, 'yyyy-MM-dd HH:mm')"},
    {"STRING", "CAST(x AS STRING)"},
    {"STRING_AGG", "LISTAGG(s, ',')"},
    {"STRPOS", "INSTR(s, part)"},
    {"STRPTIME", "PARSE_TIME(s, pattern) or TO_TIMESTAMP(s, pattern)"},
    {"SUBSTRING_INDEX", "SPLIT_INDEX(s, delimiter, 0)"},
    {"SYSDATE", "NOW()"},
    {"TOLOWER", "LOWER(s)"},
    {"TOUPPER", "UPPER(s)"},
    {"TO_CHAR", "DATE_FORMAT(t, 'yyyy-MM-dd') or CAST(x AS STRING)"},
    {"TO_INT", "CAST(x AS INT)"},
    {"TO_JSON", "JSON_STRING(x)"},
    {"TO_NUMBER", "CAST(x AS DOUBLE)"},
    {"TO_STRING", "CAST(x AS STRING)"},
    {"TRUNC", "TRUNCATE(x, 0), or FLOOR(t TO DAY)"},
    {"UCASE", "UPPER(s)"},
    {"UNIQ", "COUNT(DISTINCT x)"},
    {"UNNEST", "op = \"flat_map\""},
    {"EXPLODE", "op = \"flat_map\""},
    {"VARCHAR", "CAST(x AS STRING)"},
});

bool names(const AbsentFamily& family, std::string_view name) {
  return std::any_of(family.names.begin(), family.names.end(), [&](std::string_view n) {
    return !n.empty() && (n.ends_with('_') ? name.starts_with(n) : name == n);
  });
}

}  // namespace

std::optional<Error> absent_function(std::string_view upper_case_name) {
  for (const AbsentFamily& family : kAbsentFamilies) {
    if (!names(family, upper_case_name)) continue;
    Error error;
    error.kind = ErrorKind::kConfig;
    error.message = std::string(upper_case_name) + " " + std::string(family.reason);
    error.hint = family.hint;
    return error;
  }
  return std::nullopt;
}

std::string_view function_elsewhere_called(std::string_view upper_case_name) {
  for (const OtherName& name : kOtherNames)
    if (name.elsewhere == upper_case_name) return name.here;
  return {};
}

}  // namespace weir
