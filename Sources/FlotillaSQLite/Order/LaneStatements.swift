// SPDX-License-Identifier: Apache-2.0

/// The statements of lanes and tickets, prepared once for each connection.
struct LaneStatements {
    let enter: Statement
    let replace: Statement
    let holder: Statement
    let free: Statement
    let adopt: Statement
    let ticketOf: Statement
    let firstTicket: Statement
    let lastTicket: Statement
    let writeTicket: Statement
    let dropTicket: Statement
    let pruneLanes: Statement
    let pruneTickets: Statement

    init(_ database: Database) throws {
        enter = try database.prepare("INSERT OR IGNORE INTO lane VALUES (?1, ?2, ?3, ?4, ?5)")
        replace = try database.prepare("INSERT OR REPLACE INTO lane VALUES (?1, ?2, ?3, ?4, ?5)")
        holder = try database.prepare("SELECT session, owner, turn, entered FROM lane WHERE lane = ?1")
        free = try database.prepare("DELETE FROM lane WHERE lane = ?1 AND turn = ?2")
        adopt = try database.prepare("UPDATE lane SET session = ?1 WHERE session = ?2")
        let ticket = "SELECT lane, number, key, generation, due, asked FROM ticket"
        ticketOf = try database.prepare("\(ticket) WHERE key = ?1")
        firstTicket = try database.prepare("\(ticket) WHERE lane = ?1 ORDER BY number LIMIT 1")
        lastTicket = try database.prepare("\(ticket) WHERE lane = ?1 ORDER BY number DESC LIMIT 1")
        writeTicket = try database.prepare("INSERT OR REPLACE INTO ticket VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        dropTicket = try database.prepare("DELETE FROM ticket WHERE lane = ?1 AND number = ?2")
        pruneLanes = try database.prepare("DELETE FROM lane WHERE entered < ?1 AND session NOT IN (SELECT id FROM session)")
        pruneTickets = try database.prepare("DELETE FROM ticket WHERE lane >= ?1 AND lane < ?2 AND asked < ?3")
    }
}
