// libpq's names for the fields of an error are characters, which Swift does not import; a notice that nobody takes goes to stderr.
#ifndef FLOTILLA_CPOSTGRES_SHIM_H
#define FLOTILLA_CPOSTGRES_SHIM_H

#include <libpq-fe.h>
#include <netdb.h>
#include <sys/socket.h>

static const int flotilla_pg_sqlstate = PG_DIAG_SQLSTATE;
static const int flotilla_pg_severity = PG_DIAG_SEVERITY_NONLOCALIZED;
static const int flotilla_pg_message = PG_DIAG_MESSAGE_PRIMARY;
static const int flotilla_pg_constraint = PG_DIAG_CONSTRAINT_NAME;

static inline void flotilla_pg_ignore(void *nothing, const PGresult *notice) {}

static inline void flotilla_pg_ignore_notices(PGconn *connection) {
    PQsetNoticeReceiver(connection, flotilla_pg_ignore, 0);
}
#endif
