// A gain that answers 64 samples late: output[n] = gain * input[n - 64], to the bit; "Invert" turns its sign.
// With NAST_STUCK it never finishes being made, so that no host can load it.
#include "DistrhoPlugin.hpp"

#include <cstring>
#include <unistd.h>

START_NAMESPACE_DISTRHO

static const uint32_t kLatency = 64;

class GainPlugin : public Plugin {
public:
    GainPlugin() : Plugin(2, 0, 0), gain(1.0f), invert(0.0f) {
#ifdef NAST_STUCK
        for (;;) sleep(1);
#endif
        setLatency(kLatency);
        activate();
    }

protected:
    const char* getLabel() const override { return "gain"; }
    const char* getMaker() const override { return "nast-fx tests"; }
    const char* getLicense() const override { return "GPL-3.0-or-later"; }
    uint32_t getVersion() const override { return d_version(1, 2, 3); }
    int64_t getUniqueId() const override { return d_cconst('N', 'G', 'a', '0' + NAST_CHANNELS); }

    void initParameter(uint32_t index, Parameter& parameter) override {
        parameter.hints = kParameterIsAutomatable;
        parameter.ranges.min = 0.0f;
        if (index == 0) {
            parameter.name = "Gain";
            parameter.symbol = "gain";
            parameter.ranges.max = 2.0f;
            parameter.ranges.def = 1.0f;
        } else {
            parameter.name = "Invert";
            parameter.symbol = "invert";
            parameter.hints |= kParameterIsBoolean;
            parameter.ranges.max = 1.0f;
            parameter.ranges.def = 0.0f;
        }
    }

    float getParameterValue(uint32_t index) const override { return index == 0 ? gain : invert; }
    void setParameterValue(uint32_t index, float value) override { (index == 0 ? gain : invert) = value; }
    void activate() override { std::memset(held, 0, sizeof held); place = 0; }

    void run(const float** inputs, float** outputs, uint32_t frames) override {
        const float factor = invert > 0.5f ? -gain : gain;
        for (uint32_t n = 0; n < frames; ++n) {
            for (int channel = 0; channel < NAST_CHANNELS; ++channel) {
                const float late = held[channel][place];
                held[channel][place] = inputs[channel][n];
                outputs[channel][n] = factor * late;
            }
            place = (place + 1) % kLatency;
        }
    }

private:
    float gain, invert;
    float held[NAST_CHANNELS][kLatency];
    uint32_t place;
};

Plugin* createPlugin() { return new GainPlugin(); }

END_NAMESPACE_DISTRHO
