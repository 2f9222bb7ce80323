package carteiro.tools;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.protocol.LookupExplanation;
import carteiro.protocol.LookupExplanation.RoutingFinding;
import carteiro.protocol.LookupExplanation.RoutingView;
import java.util.List;
import java.util.ServiceLoader;

/** What lookup would say by the control files of now. */
final class RoutesOfNow {
    private RoutesOfNow() {}

    /** @throws ControlException if they cannot be used */
    static RoutingView of(Installation installation) throws ControlException {
        return lookup().routing(installation);
    }

    /** Lines that do something else than they seem to. */
    static List<RoutingFinding> findings(Installation installation) {
        return lookup().findings(installation);
    }

    private static LookupExplanation lookup() {
        return ServiceLoader.load(LookupExplanation.class)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("this Carteiro is without lookup"));
    }
}
