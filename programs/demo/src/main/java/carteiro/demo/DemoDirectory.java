package carteiro.demo;

import com.unboundid.ldap.listener.InMemoryDirectoryServer;
import com.unboundid.ldap.listener.InMemoryDirectoryServerConfig;
import com.unboundid.ldap.listener.InMemoryListenerConfig;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldif.LDIFReader;
import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A small LDAP directory in this process, on a free port of loopback. */
final class DemoDirectory implements Closeable {
    static final String BASE = "dc=example,dc=org";

    private final InMemoryDirectoryServer server;

    private DemoDirectory(InMemoryDirectoryServer server) {
        this.server = server;
    }

    /**
     * Starts it with the people of people.ldif.
     *
     * @param mail the folder of the mailboxes
     * @param uid whose they are
     */
    static DemoDirectory start(Path mail, int uid, int gid) throws IOException {
        try (InputStream in = DemoDirectory.class.getResourceAsStream("people.ldif")) {
            if (in == null) {
                throw new IOException("people.ldif is missing from the program");
            }
            String people = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .replace("${MAIL}", mail.toString())
                    .replace("${UID}", Integer.toUnsignedString(uid))
                    .replace("${GID}", Integer.toUnsignedString(gid));
            var config = new InMemoryDirectoryServerConfig(BASE);
            config.setSchema(null); // qmailUser is not among the standard object classes
            config.setListenerConfigs(
                    InMemoryListenerConfig.createLDAPConfig("loopback", InetAddress.getLoopbackAddress(), 0, null));
            var server = new InMemoryDirectoryServer(config);
            server.importFromLDIF(
                    true, new LDIFReader(new ByteArrayInputStream(people.getBytes(StandardCharsets.UTF_8))));
            server.startListening();
            return new DemoDirectory(server);
        } catch (LDAPException e) {
            throw new IOException("the directory cannot start: " + e.getMessage(), e);
        }
    }

    int port() {
        return server.getListenPort();
    }

    @Override
    public void close() {
        server.shutDown(true);
    }
}
