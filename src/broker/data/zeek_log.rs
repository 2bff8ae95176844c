//! Log streams, their entries, and identifiers.

use crate::data::Data;
use crate::enum_value::EnumValue;
use crate::zeek_error::ZeekError;
use crate::zeek_message::{Kind, enveloped};

/// A log stream is created.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LogCreate {
    /// The stream, like `Conn::LOG`.
    pub stream: EnumValue,
    /// Who writes it, like `Log::WRITER_ASCII`.
    pub writer: EnumValue,
    /// What the writer must know.
    pub writer_info: Data,
    /// The fields of an entry.
    pub fields: Data,
}

/// An entry of a log.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LogWrite {
    /// The stream, like `Conn::LOG`.
    pub stream: EnumValue,
    /// Who writes it, like `Log::WRITER_ASCII`.
    pub writer: EnumValue,
    /// Where to.
    pub path: String,
    /// The entry, in a form of Zeek's own.
    pub serial_data: Vec<u8>,
}

/// An identifier has a new value.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct IdentifierUpdate {
    /// The identifier, like `Site::local_nets`.
    pub id: String,
    /// Its value.
    pub value: Data,
}

impl Kind for LogCreate {
    const KIND: u64 = 2;

    fn read(content: Vec<Data>) -> Result<Self, ZeekError> {
        let mut fields = content.into_iter();
        let create = (|| {
            let (Data::Enum(stream), Data::Enum(writer)) = (fields.next()?, fields.next()?) else {
                return None;
            };
            Some(Self { stream, writer, writer_info: fields.next()?, fields: fields.next()? })
        })();
        create.ok_or(ZeekError::Content("log create"))
    }
}

impl From<LogCreate> for Data {
    fn from(create: LogCreate) -> Self {
        enveloped::<LogCreate>(vec![
            Self::Enum(create.stream),
            Self::Enum(create.writer),
            create.writer_info,
            create.fields,
        ])
    }
}

impl Kind for LogWrite {
    const KIND: u64 = 3;

    fn read(content: Vec<Data>) -> Result<Self, ZeekError> {
        let mut fields = content.into_iter();
        let write = (|| {
            let (Data::Enum(stream), Data::Enum(writer)) = (fields.next()?, fields.next()?) else {
                return None;
            };
            let path = fields.next()?.into_text()?;
            let Data::String(serial_data) = fields.next()? else { return None };
            Some(Self { stream, writer, path, serial_data })
        })();
        write.ok_or(ZeekError::Content("log write"))
    }
}

impl From<LogWrite> for Data {
    fn from(write: LogWrite) -> Self {
        enveloped::<LogWrite>(vec![
            Self::Enum(write.stream),
            Self::Enum(write.writer),
            write.path.into(),
            Self::String(write.serial_data),
        ])
    }
}

impl Kind for IdentifierUpdate {
    const KIND: u64 = 4;

    fn read(content: Vec<Data>) -> Result<Self, ZeekError> {
        let mut fields = content.into_iter();
        let update = (|| Some(Self { id: fields.next()?.into_text()?, value: fields.next()? }))();
        update.ok_or(ZeekError::Content("identifier update"))
    }
}

impl From<IdentifierUpdate> for Data {
    fn from(update: IdentifierUpdate) -> Self {
        enveloped::<IdentifierUpdate>(vec![update.id.into(), update.value])
    }
}
