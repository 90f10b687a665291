// Requests and answers of the mapping in a few words.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/coap/code.h"
#include "libs/coap/option.h"
#include "libs/transcode/deflate.h"
#include "libs/transcode/packed.h"
#include "libs/transcode/transcode.h"
#include "services/translator/mapping/mapping.h"

namespace lowband::translator::testing {

inline v1::Request Ask(v1::Method method, const std::vector<std::string>& path,
                       const std::vector<std::string>& queries = {}) {
  v1::Request request;
  request.set_method(method);
  for (const std::string& segment : path) request.add_path(segment);
  for (const std::string& query : queries) request.add_queries(query);
  request.set_key_table(1);
  return request;
}

inline v1::Request WithBody(v1::Request request, std::optional<uint32_t> format, std::string body) {
  if (format) request.set_content_format(*format);
  request.set_body(std::move(body));
  return request;
}

inline std::string Cbor(std::string_view json,
                        transcode::KeyTable keys = transcode::KeyTable::kV1) {
  Bytes out;
  EXPECT_TRUE(transcode::JsonToCbor(json, out, keys)) << json;
  return std::string(AsText(out));
}

/// The body as JSON, whatever form it has.
inline std::string BodyJson(const ingress::ExchangeAnswer& answer) {
  const uint32_t format = answer.head.content_format();
  Bytes body = answer.body;
  if (format == coap::kFormatCborDeflate || format == coap::kFormatJsonDeflate) {
    body = transcode::Inflate(answer.body, size_t{1} << 20).value();
  }
  if (format == coap::kFormatPacked) {
    body = transcode::Unpack(answer.body, size_t{1} << 20).value();
  }
  if (format != coap::kFormatCbor && format != coap::kFormatCborDeflate &&
      format != coap::kFormatPacked) {
    return std::string(AsText(body));
  }
  std::string json;
  EXPECT_TRUE(transcode::CborToJson(body, json));
  return json;
}

/// "4.00 (429) 60 max-age 7 {…}": code, exact status, format, Max-Age, body.
inline std::string Show(const ingress::ExchangeAnswer& answer) {
  std::string text = coap::Code{static_cast<uint8_t>(answer.head.code())}.Text();
  if (answer.head.has_http_status()) {
    text += " (" + std::to_string(answer.head.http_status()) + ")";
  }
  text += " " + std::to_string(answer.head.content_format());
  if (answer.head.has_max_age()) text += " max-age " + std::to_string(answer.head.max_age());
  if (answer.head.token_refused()) text += " token refused";
  if (answer.head.token_missing()) text += " token missing";
  return text + " " + BodyJson(answer);
}

inline mapping::HttpResponse Http(uint16_t status, std::string body,
                                  std::string content_type = "application/json") {
  mapping::HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.content_type = std::move(content_type);
  return response;
}

}  // namespace lowband::translator::testing
