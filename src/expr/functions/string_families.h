// The parts of the string family, joined by string.cpp.
#pragma once

#include "expr/function.h"

namespace weir {

FunctionList string_case_functions();    // UPPER, LOWER, INITCAP
FunctionList string_length_functions();  // CHAR_LENGTH, ASCII, CHR, REVERSE ...
FunctionList string_search_functions();  // POSITION, INSTR, CONTAINS ...
FunctionList string_trim_functions();    // TRIM, LTRIM, RTRIM, BTRIM
FunctionList string_part_functions();    // SUBSTRING, LEFT, RIGHT, OVERLAY
FunctionList string_build_functions();   // REPEAT, LPAD, REPLACE, TRANSLATE ...
FunctionList string_join_functions();    // CONCAT, CONCAT_WS, ELT
FunctionList string_split_functions();   // SPLIT, SPLIT_WORDS, SPLIT_INDEX, STR_TO_MAP
FunctionList string_printf_functions();  // PRINTF
FunctionList string_encode_functions();  // TO_BASE64, ENCODE, IS_VALID_UTF8 ...
FunctionList string_url_functions();     // URL_ENCODE, PARSE_URL, INET_ATON ...

}  // namespace weir
