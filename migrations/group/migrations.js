import journal from './meta/_journal.json';
import m0000 from './0000_first-tables.sql';
import m0001 from './0001_search.sql';
import m0002 from './0002_tasks.sql';
import m0003 from './0003_memory-provenance.sql';
import m0004 from './0004_outbox-by-turn.sql';
import m0005 from './0005_mounts.sql';
import m0006 from './0006_attachments.sql';
import m0007 from './0007_approvals-and-sub-agents.sql';
import m0008 from './0008_mcp-servers.sql';
import m0009 from './0009_labels-and-askers.sql';

  export default {
    journal,
    migrations: {
      m0000,
m0001,
m0002,
m0003,
m0004,
m0005,
m0006,
m0007,
m0008,
m0009
    }
  }
  