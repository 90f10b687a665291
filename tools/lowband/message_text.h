// CoAP messages and DTLS records as text, for -v. Tokens of users are never printed.
//
// Threading: any.
#pragma once

#include <string>

#include "libs/client/event.h"
#include "libs/coap/message.h"

namespace lowband::tools {

/// "CON GET 0x1a2b token 01, Uri-Path 7, Block2 1/more/1024, 45 B payload".
std::string MessageText(const coap::MessageView& message);

/// "Uri-Path: 7"; the value of an access token is shown as its length.
std::string OptionText(coap::OptionNumber number, ByteView value);

/// The records of a datagram: "ServerHello, Certificate, ServerKeyExchange, ServerHelloDone".
std::string RecordsText(ByteView datagram);

/// "2.05 Content"; the number alone if it is not a registered code.
std::string CodeText(coap::Code code);

}  // namespace lowband::tools
