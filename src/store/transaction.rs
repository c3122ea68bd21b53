//! A transaction that writes, on either database.

use std::borrow::Cow;
use std::fmt::Write as _;

use sqlx::{AssertSqlSafe, Postgres, Sqlite};

/// Rows a statement: more is slower on SQLite, and a busy disk makes fewer slower on both.
const ROWS: usize = 100;

/// A transaction under way; dropped, it is as if it had never been.
pub(super) enum Tx {
    Lite(sqlx::Transaction<'static, Sqlite>),
    Pg(sqlx::Transaction<'static, Postgres>),
}

/// One cell of a row that is being written.
pub(super) enum Value<'a> {
    Number(i64),
    MaybeNumber(Option<i64>),
    Text(Cow<'a, str>),
    Bytes(&'a [u8]),
}

/// Runs the same expression on whichever database the transaction is of.
macro_rules! within {
    ($tx:expr, $connection:ident => $run:expr) => {
        match $tx {
            $crate::store::transaction::Tx::Lite(tx) => {
                let $connection = &mut **tx;
                $run
            }
            $crate::store::transaction::Tx::Pg(tx) => {
                let $connection = &mut **tx;
                $run
            }
        }
    };
}
pub(super) use within;

impl Tx {
    /// Makes everything durable.
    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Tx::Lite(tx) => tx.commit().await,
            Tx::Pg(tx) => tx.commit().await,
        }
    }

    /// Forgets everything, and waits until the database has.
    pub(super) async fn forget(self) -> Result<(), sqlx::Error> {
        match self {
            Tx::Lite(tx) => tx.rollback().await,
            Tx::Pg(tx) => tx.rollback().await,
        }
    }

    /// Inserts rows of `width` values each, up to [`ROWS`] a statement. `into` is the table with its columns,
    /// `on_conflict` what follows the values.
    pub(super) async fn insert(
        &mut self,
        into: &'static str,
        width: usize,
        values: Vec<Value<'_>>,
        on_conflict: &'static str,
    ) -> Result<(), sqlx::Error> {
        let mut values = values.into_iter();
        while values.len() > 0 {
            let rows = (values.len() / width).min(ROWS);
            let sql = insert_text(into, width, rows, on_conflict);
            // Only the two usual sizes stay prepared; the many in between would drive them out of the cache.
            let stays = rows == 1 || rows == ROWS;
            within!(self, connection => {
                let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(stays);
                for value in values.by_ref().take(rows * width) {
                    query = match value {
                        Value::Number(number) => query.bind(number),
                        Value::MaybeNumber(number) => query.bind(number),
                        Value::Text(text) => query.bind(text.into_owned()),
                        Value::Bytes(bytes) => query.bind(bytes),
                    };
                }
                query.execute(connection).await?;
            });
        }
        Ok(())
    }

    /// Runs `before` + `($1,…)` + `after` over texts, up to [`ROWS`] a statement.
    pub(super) async fn for_each(
        &mut self,
        before: &'static str,
        texts: &[String],
        after: &'static str,
    ) -> Result<(), sqlx::Error> {
        for texts in texts.chunks(ROWS) {
            let sql = format!("{before} {}{after}", placeholders(texts.len(), 1));
            within!(self, connection => {
                let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(texts.len() == 1);
                for text in texts {
                    query = query.bind(text);
                }
                query.execute(connection).await?;
            });
        }
        Ok(())
    }
}

impl Tx {
    /// Runs `before` + `($1,…)` + `after` over numbers, up to [`ROWS`] a statement.
    pub(super) async fn for_each_number(
        &mut self,
        before: &'static str,
        numbers: &[u64],
        after: &'static str,
    ) -> Result<(), sqlx::Error> {
        for numbers in numbers.chunks(ROWS) {
            let sql = format!("{before} {}{after}", placeholders(numbers.len(), 1));
            within!(self, connection => {
                let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
                for number in numbers {
                    query = query.bind(number.cast_signed());
                }
                query.execute(connection).await?;
            });
        }
        Ok(())
    }
}

fn insert_text(into: &str, width: usize, rows: usize, on_conflict: &str) -> String {
    let mut sql = format!("INSERT INTO {into} VALUES ");
    for row in 0..rows {
        if row > 0 {
            sql.push(',');
        }
        sql.push_str(&placeholders(width, row * width + 1));
    }
    sql.push_str(on_conflict);
    sql
}

/// `($3,$4)` for a width of 2, first 3.
pub(super) fn placeholders(width: usize, first: usize) -> String {
    let mut text = String::from("(");
    for number in first..first + width {
        let comma = if number == first { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(text, "{comma}${number}");
    }
    text.push(')');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_numbered_through() {
        assert_eq!(
            insert_text("job (key, state)", 2, 2, " ON CONFLICT DO NOTHING"),
            "INSERT INTO job (key, state) VALUES ($1,$2),($3,$4) ON CONFLICT DO NOTHING"
        );
    }
}
