// SPDX-License-Identifier: Apache-2.0

import FlotillaEngine
import FlotillaModel
import FlotillaRuntime
import Testing

func pattern(_ text: String) throws -> TopicPattern { try #require(TopicPattern(text)) }

func event(_ id: String, type: String = "t") throws -> Event { try Event(id: id, source: "/hooks/test", type: type) }

func key(_ id: String) throws -> LedgerKey { try LedgerKey(consumer: "q", source: "/hooks/test", id: id) }
