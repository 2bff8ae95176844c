//! `show-raw`: prints a raw file.

use std::io::Write;

use katalogus::Json;
use uuid::Uuid;

use crate::json_coloured::coloured;
use crate::services::Bytes;

/// Bytes of a raw file that is printed, at most.
const MAX_RAW_BYTES: u64 = 1 << 30;

/// Prints it as it is, or as JSON: in order, indented and coloured whatever the output is, with a line
/// left free behind it. An error says why it cannot be printed.
pub(crate) fn show_raw(
    bytes: &dyn Bytes,
    raw: Uuid,
    as_json: bool,
    output: &mut dyn Write,
) -> Result<(), String> {
    let content = bytes.raw(raw, MAX_RAW_BYTES).map_err(|error| error.to_string())?;
    let content = content.ok_or_else(|| format!("there is no raw file {raw}"))?;
    let content = String::from_utf8(content)
        .map_err(|error| format!("the raw file {raw} is no text: {}", error.utf8_error()))?;
    let shown = if as_json {
        let json = Json::parse_shown(&content);
        coloured(&json.map_err(|fault| format!("the raw file {raw} is no JSON: {fault}"))?)
    } else {
        content
    };
    writeln!(output, "{shown}").and_then(|()| output.flush()).map_err(|error| error.to_string())
}
