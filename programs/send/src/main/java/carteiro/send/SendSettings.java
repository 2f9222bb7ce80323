package carteiro.send;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.DomainTable;
import carteiro.control.Installation;
import carteiro.control.Setting;
import carteiro.control.Settings;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * send's control files.
 *
 * @param local how much runs at once to local
 * @param remote how much runs at once to remote
 * @param destinationLimits what single remote destinations may have; control/destinationlimits
 * @param lifetime seconds after which a pass is the last; control/queuelifetime
 * @param bounceFrom control/bouncefrom at control/bouncehost
 * @param bounceHost control/bouncehost
 * @param doubleBounceTo where double bounces go; empty if they are discarded
 * @param bounceMaxBytes octets of the original in a bounce; control/bouncemaxbytes; 0 for all
 */
record SendSettings(
        ChannelLimits local,
        ChannelLimits remote,
        DomainTable<DestinationLimit> destinationLimits,
        long lifetime,
        Address bounceFrom,
        String bounceHost,
        Optional<Address> doubleBounceTo,
        long bounceMaxBytes) {
    /**
     * One channel's limits.
     *
     * @param concurrency deliveries at once; 0 holds the channel
     * @param perDestination of them to one destination, at least 1
     * @param retries when deferred recipients are tried again
     */
    record ChannelLimits(int concurrency, int perDestination, RetryTimes retries) {}

    /** @throws ControlException naming every problem */
    static SendSettings read(Installation installation) throws ControlException {
        var files = new ControlFiles(installation);
        RetryTimes[] retries = retrySchedule(files);
        var local = new ChannelLimits(
                files.get(Settings.CONCURRENCYLOCAL), files.get(Settings.CONCURRENCYPERUSER), retries[0]);
        var remote = new ChannelLimits(
                files.get(Settings.CONCURRENCYREMOTE), files.get(Settings.CONCURRENCYPERHOST), retries[1]);
        DomainTable<DestinationLimit> limits = DestinationLimit.read(files);
        Duration lifetime = files.get(Settings.QUEUELIFETIME);
        String bounceHost = files.get(Settings.BOUNCEHOST);
        Address from = address(files, Settings.BOUNCEFROM, files.get(Settings.BOUNCEFROM), bounceHost);
        String doubleBounceTo = files.get(Settings.DOUBLEBOUNCETO);
        Optional<Address> doubleBounce = doubleBounceTo.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        address(files, Settings.DOUBLEBOUNCETO, doubleBounceTo, files.get(Settings.DOUBLEBOUNCEHOST)));
        long bounceMaxBytes = files.get(Settings.BOUNCEMAXBYTES);
        files.check();
        return new SendSettings(
                local, remote, limits, lifetime.toSeconds(), from, bounceHost, doubleBounce, bounceMaxBytes);
    }

    private static Address address(ControlFiles files, Setting<?> setting, String local, String host) {
        try {
            return new Address(local + "@" + host);
        } catch (IllegalArgumentException e) {
            files.problem(setting, 1, "makes no address with its host: " + e.getMessage());
            return Address.NULL;
        }
    }

    /** {@code local:SECONDS ...} and {@code remote:SECONDS ...}: ages at which to try again; else qmail's formula. */
    private static RetryTimes[] retrySchedule(ControlFiles files) {
        RetryTimes[] retries = {new RetryTimes.Squares(10), new RetryTimes.Squares(20)};
        for (Map.Entry<Integer, String> entry :
                files.numbered(Settings.RETRYSCHEDULE).entrySet()) {
            String line = entry.getValue();
            int colon = line.indexOf(':');
            String channel = colon < 0 ? "" : Octets.lowerCase(line.substring(0, colon));
            if (!channel.equals("local") && !channel.equals("remote")) {
                files.problem(
                        Settings.RETRYSCHEDULE,
                        entry.getKey(),
                        "\"" + line + "\" begins with neither local: nor remote:; write such as remote:300 900 3600");
                continue;
            }
            try {
                String[] words = line.substring(colon + 1).trim().split("\\s+");
                long[] ages = new long[words.length];
                for (int i = 0; i < words.length; i++) {
                    ages[i] = Long.parseLong(words[i]);
                }
                retries[channel.equals("local") ? 0 : 1] = new RetryTimes.Ages(ages);
            } catch (IllegalArgumentException e) {
                files.problem(
                        Settings.RETRYSCHEDULE,
                        entry.getKey(),
                        "\"" + line + "\" is not a list of ascending seconds from 1 to " + RetryTimes.Ages.MOST
                                + "; write such as " + channel + ":300 900 3600");
            }
        }
        return retries;
    }
}
