//! Reading what the server sent.

use super::{Frame, Message, ProtocolVersion, binary, text};

/// Reads a frame; `None` if it is no message. Nothing is copied, unless a name has escapes.
pub(crate) fn decode(version: ProtocolVersion, frame: &Frame) -> Option<Message<'_>> {
    match (frame, version) {
        (Frame::Text(text), ProtocolVersion::V1) => text::object(text),
        (Frame::Text(text), ProtocolVersion::V2) => text::array(text),
        (Frame::Binary(bytes), ProtocolVersion::V2) => binary::frame(bytes),
        (Frame::Binary(_), ProtocolVersion::V1) | (Frame::Close(..), _) => None,
    }
}
