package carteiro.protocol;

import carteiro.mail.Address;
import carteiro.posix.UnixId;
import carteiro.protocol.Homes.AccountExtension;
import carteiro.protocol.Homes.Presence;
import carteiro.wire.FrameReader;
import carteiro.wire.Watchdog;
import java.io.IOException;
import java.time.Duration;

/** Homes over a socket (docs/protocols/homes.md): numbered questions. */
final class HomesWire {
    private static final int LONGEST_HOME = 4096;
    private static final int LONGEST_DASH = 4096;

    static final RequestServer.RequestLimits LIMITS = new RequestServer.RequestLimits(
            LONGEST_HOME + LONGEST_DASH + Address.LIMIT + Frames.SHORT, Frames.SHORT, Duration.ofMinutes(1), 500);

    /** How long an answer may take. Must stay below the two minutes that lookup's own answer may take. */
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private HomesWire() {}

    /** The side of lookup. */
    static final class HomesClient implements Homes {
        private final RequestClient requests;

        HomesClient(RequestClient requests) {
            this.requests = requests;
        }

        @Override
        public Presence look(AccountExtension extension) throws IOException {
            FrameReader answer = requests.ask(
                    LIMIT,
                    frame -> frame.put(UnixId.number(extension.uid()))
                            .put(UnixId.number(extension.gid()))
                            .put(extension.home())
                            .put(extension.dash())
                            .put(extension.extension()));
            Presence presence = Frames.constant(answer, Presence.class);
            answer.end();
            return presence;
        }
    }

    /** The side of local. */
    static EndpointServer.ConnectionHandler server(Homes homes, Watchdog watchdog) {
        return RequestServer.server(LIMITS, watchdog, (frame, answer, _) -> {
            var extension = new AccountExtension(
                    UnixId.of(frame.number(1, UnixId.MOST)),
                    UnixId.of(frame.number(0, UnixId.MOST)),
                    frame.text(LONGEST_HOME),
                    frame.text(LONGEST_DASH),
                    frame.text(Address.LIMIT));
            frame.end();
            answer.put(homes.look(extension).name());
        });
    }
}
