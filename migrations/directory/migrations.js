import journal from './meta/_journal.json';
import m0000 from './0000_the-directory.sql';
import m0001 from './0001_memory-provenance.sql';
import m0002 from './0002_group-settings.sql';
import m0003 from './0003_handovers.sql';
import m0004 from './0004_group-egress.sql';
import m0005 from './0005_approval-settings.sql';
import m0006 from './0006_mcp-tokens.sql';

  export default {
    journal,
    migrations: {
      m0000,
m0001,
m0002,
m0003,
m0004,
m0005,
m0006
    }
  }
  