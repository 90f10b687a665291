// Field lines of HTTP as values, and the characters of names and values.
//
// Threading: values and free functions; any thread. Spec: RFC 9110 §5, §7.6.1.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lowband::http {

/// One field line: the name as received, the value without spaces around it.
struct Field {
  std::string name;
  std::string value;
  friend bool operator==(const Field&, const Field&) = default;
};
using Fields = std::vector<Field>;

/// RFC 9110 §5.6.2: a method or a field name.
bool IsToken(std::string_view text);
/// RFC 9110 §5.5: visible characters and bytes above 127, between them spaces and tabs. May be
/// empty.
bool IsFieldValue(std::string_view text);
/// Field names, connection options and the like compare without case. ASCII only.
bool SameToken(std::string_view a, std::string_view b);

/// The first field of that name; null if there is none. Points into `fields`.
const std::string* Find(const Fields& fields, std::string_view name);
void Remove(Fields& fields, std::string_view name);
/// True if a comma-separated field of that name, in one line or several, has the element.
bool HasElement(const Fields& fields, std::string_view name, std::string_view element);

/// Removes the fields of one connection: Connection and the fields it names, Keep-Alive,
/// Proxy-Connection, Proxy-Authenticate, Proxy-Authorization, TE, Trailer, Transfer-Encoding,
/// Upgrade (RFC 9110 §7.6.1). Fields for the other end, such as Authorization, Host, Content-Type
/// or X-Forwarded-For, stay even if Connection names them: see kEndToEnd in field.cc.
void RemoveHopByHop(Fields& fields);

}  // namespace lowband::http
