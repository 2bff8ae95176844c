//! The tables as export and import see them: rows are JSON objects.

use diesel::prelude::*;

use crate::session::{Session, query};
use crate::{Json, Object, StoreError};

/// Rows that are held in memory at once, of tables that may be long.
const PAGE: i64 = 1000;
/// The same for a table whose key is not its own: a page must not end within a key.
const WHOLE: i64 = i64::MAX;

/// A table.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// The column that PostgreSQL numbers, if it does.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "SQLite counts on itself"))]
    pub(crate) serial: Option<&'static str>,
    /// Some rows with keys after this one, in their order.
    pub(crate) page: fn(&mut Session<'_>, i32) -> Result<Page, StoreError>,
    /// Adds a row.
    pub(crate) insert: fn(&mut Session<'_>, &Object) -> Result<(), RowError>,
    /// Removes all rows.
    pub(crate) clear: fn(&mut Session<'_>) -> Result<usize, StoreError>,
}

/// Rows with their keys.
pub(crate) type Page = Vec<(i32, Object)>;

/// Why a row was not added.
pub(crate) enum RowError {
    /// A column is missing, or of another type.
    Column(&'static str),
    Store(StoreError),
}

impl From<StoreError> for RowError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A value in a column.
trait Cell: Into<Json> {
    fn of(json: &Json) -> Option<Self>;
}

impl Cell for i32 {
    fn of(json: &Json) -> Option<Self> {
        let Json::Integer(digits) = json else { return None };
        digits.parse().ok()
    }
}

impl Cell for String {
    fn of(json: &Json) -> Option<Self> {
        let Json::Text(text) = json else { return None };
        Some(text.clone())
    }
}

impl Cell for bool {
    fn of(json: &Json) -> Option<Self> {
        let Json::Bool(value) = json else { return None };
        Some(*value)
    }
}

fn cell<T: Cell>(row: &Object, column: &'static str) -> Result<T, RowError> {
    row.get(column).and_then(T::of).ok_or(RowError::Column(column))
}

macro_rules! table {
    ($table:ident, $serial:expr, $page:expr, $key:ident, { $($column:ident: $kind:ty),+ $(,)? }) => {{
        use crate::tables::$table;
        Table {
            name: stringify!($table),
            serial: $serial,
            page: |session, after| {
                let rows: Vec<($($kind,)+)> = query!(session, connection => $table::table
                    .filter($table::$key.gt(after))
                    .order($table::$key)
                    .limit($page)
                    .select(($($table::$column,)+))
                    .load(*connection))?;
                let read = |($($column,)+): ($($kind,)+)| {
                    let key = $key;
                    let mut row = Object::new();
                    $(row.insert(stringify!($column), $column);)+
                    (key, row)
                };
                Ok(rows.into_iter().map(read).collect())
            },
            insert: |session, row| {
                $(let $column: $kind = cell(row, stringify!($column))?;)+
                query!(session, connection => diesel::insert_into($table::table)
                    .values(($($table::$column.eq(&$column),)+))
                    .execute(*connection))?;
                Ok(())
            },
            clear: |session| query!(session, connection =>
                diesel::delete($table::table).execute(*connection)),
        }
    }};
}

/// All tables, each after those that it refers to.
pub(crate) const TABLES: &[Table] = &[
    table!(organisation, Some("pk"), PAGE, pk, { pk: i32, id: String, name: String }),
    table!(repository, Some("pk"), PAGE, pk, {
        pk: i32, id: String, name: String, base_url: String,
    }),
    table!(organisation_repository, None, WHOLE, organisation_pk, {
        organisation_pk: i32, repository_pk: i32,
    }),
    table!(settings, Some("id"), PAGE, id, {
        id: i32, values: String, plugin_id: String, organisation_pk: i32,
    }),
    table!(plugin_state, Some("id"), PAGE, id, {
        id: i32, plugin_id: String, enabled: bool, organisation_pk: i32, repository_pk: i32,
    }),
    table!(ostler_organisation, None, PAGE, organisation_pk, {
        organisation_pk: i32, deduplicate: bool,
    }),
    table!(ostler_plugin, Some("pk"), PAGE, pk, {
        pk: i32, kind: String, id: String, document: String,
    }),
    table!(ostler_config, Some("number"), PAGE, number, {
        number: i32, organisation_pk: i32, boefje_id: String,
    }),
];
